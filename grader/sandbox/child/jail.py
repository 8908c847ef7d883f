"""What a worker's child takes from itself before it runs student code: layers, each on its own, each by detection.

Order matters: a session of its own, limits, another user, no new privileges, files, and the filter of system calls
last, because it would refuse what the others need. The caller is freshly forked, with a single thread, since the
kernel restricts the calling thread only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.levels import Level, at_least
from grader.sandbox.child import landlock, seccomp
from grader.sandbox.libc import PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, prctl, system_call

OPEN_FILES = 256
FILE_BYTES = 64 * 2**20
TASKS = 64
"""Processes and threads that a test may add to those of its user, where no filter refuses forks."""
_CLOSE_RANGE = 436  # the same number on every architecture


@dataclass(frozen=True)
class Jail:
    """The layers that are used here, and what they need: made once, entered by every child."""

    basic: bool
    user: tuple[int, int] | None
    """The uid and gid of the worker; None to stay who we are."""
    ruleset: int | None
    """A Landlock ruleset, or None."""
    filtered: bool
    """Whether system calls are filtered."""

    @property
    def layers(self) -> list[str]:
        """The names of the layers, weakest first."""
        held = {
            "basic": self.basic,
            "seccomp": self.filtered,
            "landlock": self.ruleset is not None,
            "uid": self.user is not None,
        }
        return [name for name, there in held.items() if there]


def prepare(level: Level, user: tuple[int, int] | None, readable: Iterable[Path], writable: Iterable[Path]) -> Jail:
    """Detect what works here, up to `level`.

    Raises OSError where the kernel offers a layer and then refuses it: that is a fault to look into, not a lower level.
    """
    return Jail(
        basic=at_least(level, "basic"),
        user=user if at_least(level, "full") else None,
        ruleset=landlock.prepare(readable, writable) if at_least(level, "landlock") else None,
        filtered=at_least(level, "seccomp") and seccomp.available(),
    )


def enter(jail: Jail, work: str, memory_mb: int, cpu_seconds: int, keep: int) -> None:
    """Close the jail around this process, for good.

    Args:
        jail: from `prepare`.
        work: the folder that may be written to; it becomes the current one.
        memory_mb: address space that may be added to what is mapped now, in MiB.
        cpu_seconds: processor time.
        keep: the highest descriptor that stays open.
    """
    os.chdir(work)
    os.setsid()
    if jail.basic:
        _set_limits(memory_mb, cpu_seconds, tasks=None if jail.filtered else TASKS)
        # not on every kernel, and not worth failing for
        with contextlib.suppress(OSError):
            _write("/proc/self/oom_score_adj", b"1000")
    if jail.user is not None:
        uid, gid = jail.user
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    if jail.basic:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # after the change of user, which clears it
        prctl(PR_SET_NO_NEW_PRIVS)
    if jail.ruleset is not None:
        landlock.restrict(jail.ruleset)
    _close_descriptors(keep)
    if jail.filtered:
        seccomp.install()


# every child pays for each page that it is the first to touch: the open() of Python touches many


def _write(file: str, text: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, text)
    finally:
        os.close(descriptor)


def _read(file: str) -> bytes:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def _close_descriptors(keep: int) -> None:
    try:
        system_call(_CLOSE_RANGE, ctypes.c_uint(keep + 1), ctypes.c_uint(0xFFFFFFFF), 0)
    except OSError:
        os.closerange(keep + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _set_limits(memory_mb: int, cpu_seconds: int, tasks: int | None) -> None:
    """Bound address space (on top of what is mapped now), CPU time, file size, open files; no core files."""
    mapped = int(_read("/proc/self/statm").split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: mapped + memory_mb * 2**20,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    if tasks is not None:
        limits[resource.RLIMIT_NPROC] = tasks + _tasks_of(os.getuid())
    for name, value in limits.items():
        hard = resource.getrlimit(name)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (bound, bound))


def _tasks_of(uid: int) -> int:
    """How many threads this user runs already: the kernel counts them all against the limit."""
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == uid:
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
    return count
