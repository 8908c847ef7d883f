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
    for name, flag in (("user", 0x10000000), ("mounts", 0x00020000), ("network", 0x40000000), ("times", 0x80)):
        tried(f"unshare of {name}", (272, 97), flag)
    handle = tried("pidfd_open", (434, 434), os.getppid(), 0)
    tried("setns", (308, 268), handle, 0x00020000)
