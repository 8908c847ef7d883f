import hashlib
import os
import threading


def attack(layer, x):
    print("TRIED to wait for a processor that it keeps busy itself", flush=True)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    block = bytes(2**24)

    def spin():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        while True:
            hashlib.sha256(block)  # without the interpreter's lock

    for _ in range(24):
        threading.Thread(target=spin, daemon=True).start()
    spin()
