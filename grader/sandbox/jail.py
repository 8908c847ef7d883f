"""What a worker's child takes from itself before it runs student code. Each layer stands alone and is detected.

Order matters: a session of its own, closed descriptors, limits, no new privileges, then files. The caller is a freshly
forked process with a single thread, because the kernel restricts the calling thread only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Iterable
from pathlib import Path

from grader.sandbox.processes import PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, prctl, thread_count

_libc = ctypes.CDLL(None, use_errno=True)

OPEN_FILES = 256
FILE_BYTES = 64 * 2**20

# system call numbers that every architecture shares
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
CLOSE_RANGE = 436

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


def landlock_abi() -> int:
    """Return the kernel's Landlock ABI; 0 where there is none."""
    return max(int(_libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)), 0)


def close_descriptors(keep: int) -> None:
    """Close every descriptor above `keep`."""
    if _libc.syscall(CLOSE_RANGE, keep + 1, ctypes.c_uint(0xFFFFFFFF), 0) != 0:
        os.closerange(keep + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def set_limits(memory_mb: int, cpu_seconds: int) -> None:
    """Bound address space (on top of what is mapped now), CPU time, file size, open files; no core files."""
    with open("/proc/self/statm", encoding="ascii") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    for name, value in (
        (resource.RLIMIT_AS, mapped + memory_mb * 2**20),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(name)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (bound, bound))


def detach() -> None:
    """Become a session of its own that dies with its parent, goes first when memory runs out, gains nothing by exec."""
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NO_NEW_PRIVS)
    # not on every kernel, and not worth failing for
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def prepare_files(readable: Iterable[Path], writable: Iterable[Path]) -> int | None:
    """Return a Landlock ruleset (a descriptor) that leaves only these files reachable; None without Landlock.

    Made once in the zygote: adding two dozen rules costs more than a fork. Raises OSError when the kernel offers
    Landlock and then refuses it.
    """
    abi = landlock_abi()
    if abi == 0:
        return None
    handled = sum(rights for version, rights in _ABI_RIGHTS.items() if version <= abi)
    attr = _RulesetAttr(handled, _NET_TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24  # the kernel takes the size that its ABI knows
    ruleset = _call(LANDLOCK_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(size), 0)
    for path in _outermost(readable):
        _allow(ruleset, path, (_READ_FILE | _READ_DIR) & handled)
    for path in writable:
        _allow(ruleset, path, handled & ~_EXECUTE)
    return ruleset


def restrict_files(ruleset: int) -> None:
    """Bind this process and all that come from it to a ruleset, for good. Needs NO_NEW_PRIVS and a single thread."""
    if thread_count() != 1:
        raise RuntimeError("Landlock binds the calling thread only, and another one is running")
    _call(LANDLOCK_RESTRICT_SELF, ruleset, 0)


def _outermost(paths: Iterable[Path]) -> list[Path]:
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
        _call(LANDLOCK_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(target)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), f"system call {number}")
    return result
