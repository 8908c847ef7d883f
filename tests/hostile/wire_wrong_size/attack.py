import json
import os
import struct


def send(header, body=b""):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    data = memoryview(struct.pack("<I", len(raw)) + raw + body)
    while data:
        data = data[os.write(3, data) :]


def value(shape=(1,), nbytes=8, dtype="float64", kind="array", role="actual"):
    return {"role": role, "type": kind, "dtype": dtype, "shape": list(shape), "nbytes": nbytes}


def check(values, name="noise", **more):
    return {"frame": "check", "name": name, "kind": "equal", "params": {}, "values": values, **more}


def attack(layer, x):
    print("TRIED the wire", flush=True)
    send(check([value((100, 100), 8)]), bytes(8))
