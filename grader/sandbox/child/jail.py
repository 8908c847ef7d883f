"""The restrictions that a worker's child puts on itself before it runs student code: independent, detected layers.

Order matters: a session of its own, limits, another user, no new privileges, files. The system call filter is last
because it would refuse calls that the other layers need. The caller must be freshly forked and single-threaded,
because the kernel restricts only the calling thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from grader.levels import Level, at_least
from grader.sandbox.child import landlock, powers, seccomp
from grader.sandbox.libc import PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, prctl, system_call

OPEN_FILES = 256
WORK_BYTES = 64 * 2**20
"""The most that a child may write to disk: to one file, and to its whole work folder."""
WORK_FILES = 20_000
SMALL = 4096
"""A single child could use up a limit on a user's tasks that is below this."""
TASKS = 64
"""Processes and threads that a test may add to those of its user if no filter refuses forks."""
SHARED_MEMORY = "/dev/shm"
"""Where the C library puts the semaphores of processes that work together."""
_CLOSE_RANGE = 436  # the same number on every architecture


class Jail(NamedTuple):
    """The layers in use and their settings. It is made once; every child enters it."""

    basic: bool
    user: tuple[int, int] | None
    """The uid and gid of the worker; None to keep the current user."""
    rules: landlock.Rules | None
    """The Landlock rules; None without Landlock."""
    filtered: bool
    """Whether system calls are filtered."""
    programs: bool = False
    """Whether programs and processes may be started."""

    @property
    def layers(self) -> list[str]:
        """The names of the layers, weakest first."""
        held = {
            "basic": self.basic,
            "seccomp": self.filtered,
            "landlock": self.rules is not None,
            "uid": self.user is not None,
        }
        return [name for name, there in held.items() if there]


NO_JAIL = Jail(basic=False, user=None, rules=None, filtered=False)


def prepare(
    level: Level,
    user: tuple[int, int] | None,
    readable: Iterable[Path],
    work: Path,
    *,
    listed: Iterable[Path] = (),
    programs: bool = False,
) -> Jail:
    """Detect the layers that work here, up to `level`.

    Args:
        level: the strongest isolation level to use.
        user: the uid and gid of the worker.
        readable: folders and files that may be read.
        work: the folder that holds the work folders.
        listed: folders in which only the names of entries may be read.
        programs: whether to allow programs and processes.

    Raises OSError if the kernel offers a layer and then refuses it: that is a fault, not a reason for a lower level.
    """
    if at_least(level, "basic"):
        powers.bound()
    jail = Jail(
        basic=at_least(level, "basic"),
        user=user if at_least(level, "full") else None,
        rules=landlock.prepare(readable, listed, work) if at_least(level, "landlock") else None,
        filtered=at_least(level, "seccomp") and seccomp.available(),
        programs=programs,
    )
    if jail.filtered:
        seccomp.around_own_id(*_filter_of(jail))
    return jail


def _filter_of(jail: Jail) -> tuple[seccomp.Programs, bool]:
    """What the filter of system calls allows: about programs, and whether the modes of files may be set."""
    if not jail.programs:
        return "none", False
    scoped = jail.rules is not None and jail.rules.version >= landlock.SCOPED
    return "both" if scoped else "start", jail.user is not None


def enter(jail: Jail, work: str, memory_mb: int, cpu_seconds: int, keep: int) -> None:
    """Put this process into the jail permanently.

    Args:
        jail: from `prepare`.
        work: the folder that may be written to; it becomes the current one.
        memory_mb: address space in MiB that the process may map in addition to its present mappings.
        cpu_seconds: processor time.
        keep: the highest descriptor that stays open.
    """
    parent = os.getppid()
    os.chdir(work)
    os.setsid()
    if jail.basic:
        _set_limits(
            memory_mb,
            cpu_seconds,
            jail.user[0] if jail.user else os.getuid(),
            filtered=jail.filtered and not jail.programs,
        )
        # some kernels refuse this, and the jail holds without it
        with contextlib.suppress(OSError):
            _write("/proc/self/oom_score_adj", b"1000")
    if jail.user is not None:
        uid, gid = jail.user
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    if jail.basic:
        powers.drop()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # must follow the change of user, which clears it
        if os.getppid() != parent:
            os._exit(70)  # the parent died before the death signal was set
        prctl(PR_SET_NO_NEW_PRIVS)
    if jail.rules is not None:
        shared = (SHARED_MEMORY,) if jail.programs else ()
        landlock.restrict(jail.rules, (work, os.devnull, *shared), programs=jail.programs)
    _close_descriptors(keep)
    if jail.filtered:
        seccomp.install(*_filter_of(jail))


# os.open instead of Python's open(), which touches many pages: the kernel copies each touched page for every child


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


def _set_limits(memory_mb: int, cpu_seconds: int, uid: int, *, filtered: bool) -> None:
    """Limit added address space, CPU time, file size, open files and tasks; forbid core files and locked memory."""
    mapped = int(_read("/proc/self/statm").split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: mapped + memory_mb * 2**20,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: WORK_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    given = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    small = given != resource.RLIM_INFINITY and given < SMALL
    if small or not filtered:
        used = _tasks_of(uid)
        # the kernel counts a user's tasks in all containers, so half of the remainder is kept for concurrent gradings
        half = used + max(given - used, 2) // 2 if small else used + TASKS
        limits[resource.RLIMIT_NPROC] = half if filtered else min(half, used + TASKS)
    for name, value in limits.items():
        hard = resource.getrlimit(name)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (bound, bound))


def _tasks_of(uid: int) -> int:
    """The number of threads that this user already runs: the kernel counts them all against the limit."""
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == uid:
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
    return count
