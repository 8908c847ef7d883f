import ctypes
import os


def _parents():
    """The zygote and the judge."""
    found = [os.getppid()]
    try:
        with open(f"/proc/{found[0]}/stat", encoding="utf-8", errors="replace") as file:
            found.append(int(file.read().rpartition(")")[2].split()[1]))
    except OSError:
        pass
    return found


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def attack(layer, x):
    print("TRIED to copy memory")
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(64)
    local = Piece(ctypes.addressof(buffer), 64)
    for pid in _parents():
        # our parent is this very program: the same address is mapped there
        remote = Piece(id(None), 64)
        if libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0:
            print("GOT memory of a parent")
