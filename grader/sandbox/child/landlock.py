"""Landlock without a library: a restricted process reaches only the allowed files, whoever owns the others.

It also refuses TCP (ABI 4), and signals and abstract sockets to outside processes (ABI 6). ABI 1 and later work.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from grader.sandbox.libc import system_call
from grader.sandbox.processes import thread_count

# system call numbers that every architecture shares
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446

_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

# access rights of <linux/landlock.h>, by the ABI that introduced them
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_ABI_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_NET_TCP = 3  # bind and connect, ABI 4
SCOPED = 6
"""The ABI from which on no process outside can be sent a signal."""
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
    """Return the kernel's Landlock ABI; 0 without Landlock."""
    try:
        return system_call(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    except OSError:
        return 0


class Rules(NamedTuple):
    """The Landlock rules, in two layers. The reading layer is made once, because it is the same for all children."""

    reading: int
    """The ruleset for reading; the folder that holds the work folders gets all rights that the ruleset handles."""
    version: int
    """The kernel's ABI."""


def prepare(readable: Iterable[Path], listed: Iterable[Path], work: Path) -> Rules | None:
    """Return rules under which only these files are reachable; None without Landlock.

    Call it once, in the zygote: adding two dozen rules costs more than a fork. Raises OSError if the kernel offers
    Landlock and then refuses it.

    Args:
        readable: folders and files that may be read.
        listed: folders in which only the names of entries may be read, at any depth.
        work: the folder that holds the work folders.
    """
    version = abi()
    if version == 0:
        return None
    refer = _REFER if version >= 2 else 0  # a layer that doesn't handle it denies it
    ruleset = _ruleset(version, _READ_FILE | _READ_DIR | refer)
    for path in outermost(readable):
        _allow(ruleset, path, _READ_FILE | _READ_DIR)
    for path in listed:
        _allow(ruleset, path, _READ_DIR)
    _allow(ruleset, work, _READ_FILE | _READ_DIR | refer)
    return Rules(ruleset, version)


def restrict(rules: Rules, writable: Iterable[str], *, programs: bool = False) -> None:
    """Apply the rules permanently to this process and its descendants; they can write only in `writable`.

    With `programs`, they can execute what they can reach.

    Needs NO_NEW_PRIVS and a single thread.
    """
    if thread_count() != 1:
        raise RuntimeError("Landlock binds the calling thread only, and another one is running")
    handled = sum(rights for since, rights in _ABI_RIGHTS.items() if since <= rules.version)
    handled &= ~(_READ_FILE | _READ_DIR | (_EXECUTE if programs else 0))
    writing = _ruleset(rules.version, handled, outside=True)
    for path in writable:
        _allow(writing, Path(path), handled & ~_EXECUTE)
    for ruleset in (rules.reading, writing):
        system_call(_RESTRICT_SELF, ruleset, 0)
    os.close(writing)


def _ruleset(version: int, handled: int, *, outside: bool = False) -> int:
    """Make a ruleset for these file rights; with `outside`, it also refuses TCP, signals and abstract sockets."""
    net = _NET_TCP if outside and version >= 4 else 0
    attr = _RulesetAttr(handled, net, _SCOPES if outside and version >= SCOPED else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24  # each ABI has its own struct size
    return system_call(_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(size), 0)


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that are not inside another one of them."""
    kept: list[Path] = []
    for path in sorted(paths):
        if not kept or not path.is_relative_to(kept[-1]):
            kept.append(path)
    return kept


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a path that doesn't exist needs no rule
    try:
        if not path.is_dir():
            access &= _READ_FILE | _WRITE_FILE | _TRUNCATE
        rule = _PathBeneathAttr(access, target)
        system_call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(target)
