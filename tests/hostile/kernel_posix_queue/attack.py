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
    tried("mq_open", (240, 180), b"left-by-hostile", os.O_CREAT | os.O_RDWR, 0o666, None)
    tried("mq_unlink", (241, 181), b"left-by-hostile")
