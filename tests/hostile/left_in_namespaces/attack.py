import ctypes
import os
import time


def attack(layer, x):
    print("TRIED namespaces", flush=True)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000 | 0x20000000) != 0:
        return
    print("GOT a namespace", flush=True)
    if os.fork() == 0:
        os.setsid()
        time.sleep(30)
        os._exit(0)
