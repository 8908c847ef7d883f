import ctypes
import os


def attack(layer, x):
    print("TRIED handles")
    libc = ctypes.CDLL(None, use_errno=True)
    place = b"@PROJECT@/testcases/cmu11785_hw1_bonus/fixtures"
    handle = ctypes.create_string_buffer((120).to_bytes(4, "little") + bytes(4 + 120))
    mount = ctypes.c_int()
    if libc.name_to_handle_at(-100, place, handle, ctypes.byref(mount), 0) != 0:
        print("no handle")
        return
    try:
        folder = os.open(os.path.dirname(place), os.O_RDONLY)
    except OSError:
        return
    opened = libc.open_by_handle_at(folder, handle, os.O_RDONLY)
    if opened >= 0:
        print("GOT a file by its handle")
