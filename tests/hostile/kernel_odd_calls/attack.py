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
    tried("personality", (135, 92), 0xFFFFFFFF)
    tried("perf_event_open", (298, 241), ctypes.create_string_buffer((112).to_bytes(8, "little") + bytes(112)), 0, -1, -1, 0)
    tried("init_module", (175, 105), None, 0, None)
    tried("kexec_load", (246, 104), 0, 0, None, 0)
    tried("quotactl", (179, 60), 0, None, 0, None)
    tried("swapoff", (168, 225), b"./nowhere")
    tried("acct", (163, 89), b"./nowhere")
    tried("syslog", (103, 116), 10, None, 0)
    tried("lookup_dcookie", (212, 18), 0, None, 0)
    tried("kcmp", (312, 272), os.getpid(), os.getpid(), 0, 1, 1)
