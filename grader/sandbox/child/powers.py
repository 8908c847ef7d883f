"""Removes root's capabilities from a process, so that uid 0 has no privileges where student code must run as root."""

from __future__ import annotations

import contextlib
import ctypes
import functools
from pathlib import Path

from grader.sandbox.libc import PR_CAPBSET_DROP, PR_SET_SECUREBITS, capset, prctl

_SECURE = 0b1110_1111
"""The securebits NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE with their locks, and the lock of KEEP_CAPS."""


@functools.cache
def _last() -> int:
    """The kernel's last capability."""
    try:
        return int(Path("/proc/sys/kernel/cap_last_cap").read_text("ascii"))
    except (OSError, ValueError):
        return 63


def know() -> None:
    """Look up and cache the value that `drop` needs; call it before the forks."""
    _last()


def drop() -> None:
    """Give up every capability permanently: bounding, ambient, inheritable, permitted, effective.

    A process without CAP_SETPCAP can't change its bounding set. It needn't: NO_NEW_PRIVS prevents new capabilities.
    """
    with contextlib.suppress(OSError):
        for number in range(_last() + 1):
            prctl(PR_CAPBSET_DROP, number)
        prctl(PR_SET_SECUREBITS, _SECURE)
    capset(ctypes.create_string_buffer(24))  # an empty permitted set empties the ambient one
