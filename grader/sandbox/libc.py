"""C library calls that Python lacks; each raises OSError if the kernel refuses."""

from __future__ import annotations

import ctypes
import os
import struct

_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

_CAPABILITY_VERSION_3 = 0x20080522


def prctl(option: int, value: int = 1, argument: object = 0) -> None:
    """Call prctl(2); raises OSError if the kernel refuses."""
    _checked(_libc.prctl(option, ctypes.c_ulong(value), argument, 0, 0), f"prctl({option})")


def system_call(number: int, *arguments: object) -> int:
    """Make the system call with this number; raises OSError if the kernel refuses."""
    return _checked(int(_libc.syscall(number, *arguments)), f"system call {number}")


def unshare(flags: int) -> None:
    """Call unshare(2); raises OSError if the kernel refuses."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Call mount(2); raises OSError if the kernel refuses."""
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        None if kind is None else kind.encode(),
        ctypes.c_ulong(flags),
        None if data is None else data.encode(),
    )
    _checked(result, f"mount on {target}")


def capset(sets: ctypes.Array[ctypes.c_char]) -> None:
    """Set this process's capabilities: effective, permitted and inheritable, for the low and then the high 32 bits."""
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, sets), "capset")


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result
