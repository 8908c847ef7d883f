"""Landlock, by hand: after it, a process reaches only the files that it was left, whoever owns the others.

Also no TCP (ABI 4), and no signals or abstract sockets to processes outside (ABI 6). Every ABI from 1 works.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from grader.sandbox.libc import system_call
from grader.sandbox.processes import thread_count

# system call numbers that every architecture shares
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446

_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

# access rights of <linux/landlock.h>, by the ABI that brought them
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_ABI_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_TRUNCATE = 1 << 14
_NET_TCP = 3  # bind and connect, ABI 4
_SCOPES = 3  # abstract unix sockets and signals, ABI 6


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """Return the kernel's Landlock ABI; 0 where there is none."""
    try:
        return system_call(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    except OSError:
        return 0


def prepare(readable: Iterable[Path], writable: Iterable[Path]) -> int | None:
    """Return a Landlock ruleset (a descriptor) that leaves only these files reachable; None without Landlock.

    Made once in the zygote: adding two dozen rules costs more than a fork. Raises OSError when the kernel offers
    Landlock and then refuses it.
    """
    version = abi()
    if version == 0:
        return None
    handled = sum(rights for since, rights in _ABI_RIGHTS.items() if since <= version)
    attr = _RulesetAttr(handled, _NET_TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24  # the kernel takes the size that its ABI knows
    ruleset = system_call(_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(size), 0)
    for path in outermost(readable):
        _allow(ruleset, path, (_READ_FILE | _READ_DIR) & handled)
    for path in writable:
        _allow(ruleset, path, handled & ~_EXECUTE)
    return ruleset


def restrict(ruleset: int) -> None:
    """Bind this process and all that come from it to a ruleset, for good. Needs NO_NEW_PRIVS and a single thread."""
    if thread_count() != 1:
        raise RuntimeError("Landlock binds the calling thread only, and another one is running")
    system_call(_RESTRICT_SELF, ruleset, 0)


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Leave out what lies inside another of the paths."""
    kept: list[Path] = []
    for path in sorted(paths):
        if not kept or not path.is_relative_to(kept[-1]):
            kept.append(path)
    return kept


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what doesn't exist can't be read either
    try:
        if not path.is_dir():
            access &= _READ_FILE | _WRITE_FILE | _TRUNCATE
        rule = _PathBeneathAttr(access, target)
        system_call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(target)
