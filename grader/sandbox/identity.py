"""The user that student code runs as if the grader is root: concurrent gradings have different users.

Two gradings with one user could signal each other's children, read and change their files and use up resources that
the kernel counts by user. So each grading takes an id that no other grading holds. The first is the id of the user
grader-worker; a lone grading always gets it. More ids come from a range that systemd's table of ids calls unused. They
have no entry in /etc/passwd, no home and no group but their own number, and own no files after a grading.
"""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import pwd
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from grader.errors import InternalError

WORKER_USER = "grader-worker"
"""The user that student code runs as if the grader is root; setup.sh creates it."""
MORE_IDS = range(60600, 60728)
"""Ids for concurrent gradings, unless an account or a group has them."""
_LOCKS = "grader-users"
_USER_RIGHTS = sum(1 << number for number in (0, 1, 5, 6, 7))
"""Bits of CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_KILL, CAP_SETGID and CAP_SETUID, which are needed to become the worker's
user and to remove its files and processes."""
_WAIT = 0.2


class Identity:
    """A user that no other grading has until `release` or the end of this process."""

    def __init__(self, user: tuple[int, int], lock: int) -> None:
        self.user = user
        """uid and gid."""
        self._lock = lock

    def release(self) -> None:
        """Release the user for other gradings; none of its processes may still run."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def worker_user() -> tuple[int, int] | None:
    """Return uid and gid of the user grader-worker; None if it doesn't exist or we may not change user."""
    if not may_change_user():
        return None
    try:
        entry = pwd.getpwnam(WORKER_USER)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


def identity() -> Identity | None:
    """Take a user for this process's grading; None if there is no user grader-worker or we may not become it.

    If other gradings hold all users, it prints so and waits. Raises InternalError if there is no place for locks.
    """
    first = worker_user()
    if first is None:
        return None
    told = False
    folder = _lock_folder()
    try:
        while True:
            for user in (first, *_more()):
                lock = _locked(user[0], folder)
                if lock is not None:
                    return Identity(user, lock)
            if not told:
                print("grader: waiting for another grading: all ids for student code are in use", file=sys.stderr)
                told = True
            time.sleep(_WAIT)
    finally:
        os.close(folder)


def may_change_user() -> bool:
    """Whether we are root and have the capabilities to change user, which a container may have removed."""
    if os.geteuid() != 0:
        return False
    match = re.search(r"^CapEff:\s*([0-9a-f]+)$", Path("/proc/self/status").read_text("ascii", "replace"), re.M)
    return match is None or int(match[1], 16) & _USER_RIGHTS == _USER_RIGHTS


def _more() -> Iterator[tuple[int, int]]:
    """The ids that no user and no group has, and that exist in this user namespace."""
    users, groups = _mapped("uid"), _mapped("gid")
    for number in MORE_IDS:
        if not any(number in ids for ids in users) or not any(number in ids for ids in groups):
            continue
        with contextlib.suppress(KeyError):
            pwd.getpwuid(number)
            continue
        with contextlib.suppress(KeyError):
            grp.getgrgid(number)
            continue
        yield number, number


def _mapped(kind: str) -> list[range]:
    try:
        lines = Path(f"/proc/self/{kind}_map").read_text("ascii").splitlines()
    except OSError:
        return [range(2**32 - 1)]
    return [range(int(first), int(first) + int(count)) for first, _, count in map(str.split, lines)]


def _lock_folder() -> int:
    """Open the folder of the locks; only root may write to it, so that no other user can take a lock."""
    for parent in ("/run", tempfile.gettempdir()):
        path = os.path.join(parent, _LOCKS)
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, 0o700)
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        found = os.fstat(folder)
        if found.st_uid == 0 and not stat.S_IMODE(found.st_mode) & 0o022:
            return folder
        os.close(folder)
    raise InternalError(
        f"no folder for the locks of users: /run/{_LOCKS} and {tempfile.gettempdir()}/{_LOCKS} can't be made, or "
        "aren't root's alone; remove what is in their place"
    )


def _locked(uid: int, folder: int) -> int | None:
    """Lock an id and return the descriptor; None if another grading holds it or a process of this user runs."""
    lock = os.open(str(uid), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    if _runs(uid):
        os.close(lock)
        return None
    return lock


def _runs(uid: int) -> bool:
    """Whether a process of this user runs: from a grading that was just killed, or in another container."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == uid:
                    return True
    return False
