import json
import os
import struct


def attack(layer, x):
    print("TRIED to be first", flush=True)
    y = x * np.random.binomial(1, layer.p, x.shape) / layer.p
    value = {"role": "actual", "type": "array", "dtype": "float64", "shape": list(y.shape), "nbytes": y.nbytes}
    raw = json.dumps({"frame": "check", "name": "layer(x)", "kind": "dropout", "values": [value]}).encode()
    os.write(3, struct.pack("<I", len(raw)) + raw + y.tobytes())
