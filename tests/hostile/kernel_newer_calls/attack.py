import ctypes
import errno
import os
import platform

_LIBC = ctypes.CDLL(None, use_errno=True)
_REFUSED = (errno.EPERM, errno.EACCES, errno.ENOSYS)


def tried(name, numbers, *arguments):
    """Make a raw call; it got through unless the kernel refused to look at it."""
    number = numbers[0 if platform.machine() == "x86_64" else 1]
    ctypes.set_errno(0)
    result = _LIBC.syscall(number, *arguments)
    if result >= 0 or ctypes.get_errno() not in _REFUSED:
        print("GOT", name, result, errno.errorcode.get(ctypes.get_errno(), ""))
    return result


def attack(layer, x):
    print("TRIED raw calls", flush=True)
    with open("mine", "w"):
        pass
    arguments = ctypes.create_string_buffer(16)
    tried("setxattrat", (463, 463), -100, b"mine", 0, b"user.x", arguments, 16)
    tried("listxattrat", (465, 465), -100, b"mine", 0, None, 0)
    tried("file_setattr", (469, 469), -100, b"mine", ctypes.create_string_buffer(24), 24, 0)
    tried("open_tree_attr", (467, 467), -100, b"mine", 0, None, 0)
    tried("listmount", (458, 458), None, None, 0, 0)
