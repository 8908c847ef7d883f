import ctypes
import os
import platform


def attack(layer, x):
    print("TRIED raw calls", flush=True)
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = {"x86_64": {"fork": (57,), "clone": (56, 17, 0, 0, 0, 0)}, "aarch64": {"clone": (220, 17, 0, 0, 0, 0)}}
    tries = dict(numbers[platform.machine()])
    tries["clone3"] = (435, ctypes.create_string_buffer((0).to_bytes(32, "little") + (17).to_bytes(8, "little") + bytes(24)), 64)
    for name, arguments in tries.items():
        pid = libc.syscall(*arguments)
        if pid == 0:
            os._exit(0)
        if pid > 0:
            print("GOT a process by", name, flush=True)
