import ctypes
import os
import time


def attack(layer, x):
    print("TRIED to leave a tree", flush=True)
    libc = ctypes.CDLL(None)
    libc.prctl(36, 1, 0, 0, 0)
    try:
        for _ in range(3):
            if os.fork() == 0:
                libc.prctl(36, 1, 0, 0, 0)
                libc.prctl(1, 0, 0, 0, 0)
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(30)
                os._exit(0)
    except OSError:
        return
    print("GOT processes left behind")
