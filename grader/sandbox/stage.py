"""The folder in which a grading keeps its files, and the removal of stages that killed gradings left.

A live process holds a lock on each of its stages, and the kernel releases the lock however that process ends. So a
stage whose lock is free has no owner. That is true across containers and after a restart. If the file system has no
locks, no stage is removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from pathlib import Path
from types import TracebackType

from grader.sandbox.removal import remove

PREFIX = "grader-stage-"


class Stage:
    """A new folder in the temporary folder; the context manager removes it."""

    def __init__(self) -> None:
        """Remove the stages that killed gradings left, then make a stage that other users can read."""
        sweep()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            # until it is locked, another grading's sweep may remove it
            with contextlib.suppress(FileNotFoundError):
                self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                if _lock(self._lock) is not False and _is_at(self._lock, self.path):
                    break
                os.close(self._lock)
        self.path.chmod(0o755)  # the default of 0700 would hide it from a worker under another uid

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the folder and release its lock; a second call does nothing."""
        if self._lock >= 0:
            with contextlib.suppress(OSError):  # a folder that can't be removed mustn't cost the result
                remove(self.path)
            os.close(self._lock)
            self._lock = -1


def sweep() -> None:
    """Remove the stages of this user whose process is dead."""
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with contextlib.suppress(OSError):  # it belongs to another user, or was removed meanwhile
                    _remove_if_left(Path(entry.path))


def _remove_if_left(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        mine = os.fstat(descriptor).st_uid == os.geteuid()
        # removed while the lock is held: a maker that hasn't locked it yet fails to lock it and makes another stage
        if mine and _lock(descriptor) and _is_at(descriptor, path):
            remove(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Take the lock; False if another process holds it, None if the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether this path still names the open folder."""
    try:
        there = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(there.st_mode) and os.path.samestat(os.fstat(descriptor), there)
