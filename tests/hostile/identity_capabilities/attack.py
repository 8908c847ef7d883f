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
    print("TRIED rights", flush=True)
    header = ctypes.create_string_buffer((0x20080522).to_bytes(4, "little") + (0).to_bytes(4, "little"), 8)
    data = ctypes.create_string_buffer(24)
    _LIBC.capget(header, data)
    effective = int.from_bytes(data[0:4], "little")
    for name, bit in (("chown", 0), ("dac_override", 1), ("kill", 5), ("setuid", 7), ("sys_ptrace", 19), ("sys_admin", 21)):
        if effective >> bit & 1:
            print("GOT the right", name)
