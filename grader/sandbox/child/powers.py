"""Takes root's powers from a process: as root without a user for student code, uid 0 is then a user like any other."""

from __future__ import annotations

import contextlib
import ctypes
import functools
from pathlib import Path

from grader.sandbox.libc import PR_CAPBSET_DROP, PR_SET_SECUREBITS, capset, prctl

_SECURE = 0b1110_1111
"""NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE with their locks, and the lock of KEEP_CAPS."""


@functools.cache
def _last() -> int:
    """The kernel's last capability."""
    try:
        return int(Path("/proc/sys/kernel/cap_last_cap").read_text("ascii"))
    except (OSError, ValueError):
        return 63


def know() -> None:
    """Look up what `drop` needs, once before the forks."""
    _last()


def drop() -> None:
    """Give up every capability, for good: bounding, ambient, inheritable, permitted, effective.

    A process without CAP_SETPCAP can't change its bounding set, and needn't: it has no new privileges.
    """
    with contextlib.suppress(OSError):
        for number in range(_last() + 1):
            prctl(PR_CAPBSET_DROP, number)
        prctl(PR_SET_SECUREBITS, _SECURE)
    capset(ctypes.create_string_buffer(24))  # an empty permitted set empties the ambient one
