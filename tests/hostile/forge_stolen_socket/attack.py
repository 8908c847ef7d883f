import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)


def attack(layer, x):
    print("TRIED to take descriptors from the parent")
    handle = _libc.syscall(434, os.getppid(), 0)
    for number in range(3, 12):
        taken = _libc.syscall(438, handle, number, 0)
        if handle >= 0 and taken >= 0:
            print("GOT a descriptor of the parent's")
            os.close(taken)
            return
