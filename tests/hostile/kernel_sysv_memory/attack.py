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
    for name, numbers, arguments in (
        ("shmget", (29, 194), (0x0BADF00D, 4096, 0o1666)),
        ("semget", (64, 190), (0x0BADF00D, 1, 0o1666)),
        ("msgget", (68, 186), (0x0BADF00D, 0o1666)),
    ):
        got = tried(name, numbers, *arguments)
        remove = {"shmget": ((31, 195), (got, 0, None)), "msgget": ((71, 187), (got, 0, None)), "semget": ((66, 191), (got, 0, 0))}
        if got >= 0:
            number = remove[name][0][0 if platform.machine() == "x86_64" else 1]
            _LIBC.syscall(number, *remove[name][1])
