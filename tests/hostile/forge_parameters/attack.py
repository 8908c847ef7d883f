import json
import os
import struct


def _send(header, body=b""):
    raw = json.dumps(header).encode()
    os.write(3, struct.pack("<I", len(raw)) + raw + body)


print("TRIED to set its own rules", flush=True)
_NAMES = ["t at the start", "t after three steps", "y", "dx", "layer(x)", "forward(x, train=False)", "forward(x, train=True)"]
_NAMES += [f"move of linear_layers[0].{name} {when}" for name in "Wb" for when in ("after one step", "after four steps")]
_RULES = {"rtol": 1e300, "atol": 1e300, "points": 1e9, "bound": -1e300, "times": 1e300, "errors": ["nothing"], "factor": 1e300}
for _name in _NAMES:
    _values = [
        {"role": role, "type": "scalar", "dtype": "float64", "shape": [], "nbytes": 8}
        for role in ("actual", "x", "original", "delta", "published", "y", "again")
    ]
    _send({"frame": "check", "name": _name, "kind": "at_least", "params": _RULES, "values": _values}, b"\0" * 8 * 7)
_send({"frame": "end", "claim": "ok", "message": "", "score": 1e308, "leaderboard": "first"})
os._exit(0)
