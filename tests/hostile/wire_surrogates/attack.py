import os
import struct


def attack(layer, x):
    print("TRIED half characters", flush=True)
    for text in ("\\ud800", "\\udfff\\ud800", "y\\u0000", "\\ufeffy", "\\u202ey", "Ａ", "é", "e\u0301"):
        raw = '{"frame": "check", "name": "%s", "kind": "%s", "params": {"%s": 1}, "values": []}' % (text, text, text)
        raw = raw.encode("utf-8", "surrogatepass")
        os.write(3, struct.pack("<I", len(raw)) + raw)
    raw = '{"frame": "end", "claim": "error", "message": "\\ud800\\u001b[2J"}'.encode()
    os.write(3, struct.pack("<I", len(raw)) + raw)
