"""Removes root's capabilities from a process, so that uid 0 has no privileges where student code must run as root."""

from __future__ import annotations

import contextlib
import ctypes
from pathlib import Path

from grader.sandbox.libc import PR_CAPBSET_DROP, PR_SET_SECUREBITS, capset, prctl

_SECURE = 0b1110_1111
"""The securebits NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE with their locks, and the lock of KEEP_CAPS."""


def bound() -> None:
    """Take every capability from the programs that this process and its children may start; it keeps its own.

    The zygote calls it once: it starts no program, and for each child this would take as long as all other walls.
    A process without CAP_SETPCAP can't change its bounding set. It needn't: NO_NEW_PRIVS prevents new capabilities.
    """
    try:
        last = int(Path("/proc/sys/kernel/cap_last_cap").read_text("ascii"))
    except (OSError, ValueError):
        last = 63
    with contextlib.suppress(OSError):
        for number in range(last + 1):
            prctl(PR_CAPBSET_DROP, number)


def drop() -> None:
    """Give up every capability permanently: ambient, inheritable, permitted, effective; see `bound` for the rest."""
    with contextlib.suppress(OSError):
        prctl(PR_SET_SECUREBITS, _SECURE)
    capset(ctypes.create_string_buffer(24))  # an empty permitted set empties the ambient one
