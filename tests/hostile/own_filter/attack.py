import ctypes
import platform
import struct


def attack(layer, x):
    print("TRIED its own filter", flush=True)
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 1, "aarch64": 64}[platform.machine()]
    steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000), (0x06, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(steps), ctypes.addressof(code)))
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, program, 0, 0) != 0:
        raise PermissionError("no filter of its own")
