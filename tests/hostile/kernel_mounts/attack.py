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
    tried("mount", (165, 40), b"none", b".", b"tmpfs", 0, None)
    tried("umount2", (166, 39), b".", 2)
    tried("chroot", (161, 51), b"./nowhere")
    tried("pivot_root", (155, 41), b".", b".")
    tried("open_tree", (428, 428), -100, b".", 0)
    tried("fsopen", (430, 430), b"tmpfs", 0)
    tried("mount_setattr", (442, 442), -100, b"./nowhere", 0, None, 0)
