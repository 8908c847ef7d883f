import atexit
import json
import os
import struct
import threading


def _finish():
    raw = json.dumps({"frame": "end", "claim": "ok", "message": "", "score": 5, "leaderboard": None}).encode()
    os.write(3, struct.pack("<I", len(raw)) + raw)


print("TRIED to have the last word")
atexit.register(_finish)
threading._register_atexit(_finish)
