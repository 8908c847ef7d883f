"""The folder in which a grading keeps its files, and the removal of those that killed gradings left.

A live process holds a lock on each of its stages, and the kernel drops it when that process ends, however it ends. So a
stage whose lock is free has no owner any more: that holds across containers, after a restart, and with no gap in which
a stage exists that nobody is known to own. Where the file system has no locks, nothing is removed.
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
    """A new folder of its own in the temporary folder; a context manager that removes it."""

    def __init__(self) -> None:
        """Remove what killed gradings left, then make a stage that others can look into."""
        sweep()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            # until it is locked, the sweep of another grading may take it for left
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
        """Remove the folder and give its lock back; a second time does nothing."""
        if self._lock >= 0:
            with contextlib.suppress(OSError):  # what was graded is worth more than a folder that stays
                remove(self.path)
            os.close(self._lock)
            self._lock = -1


def sweep() -> None:
    """Remove the stages of this user whose process is dead."""
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with contextlib.suppress(OSError):  # it is another's, or was removed meanwhile
                    _remove_if_left(Path(entry.path))


def _remove_if_left(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        mine = os.fstat(descriptor).st_uid == os.geteuid()
        # removed while the lock is held: its maker, were it alive, would find it taken and make another
        if mine and _lock(descriptor) and _is_at(descriptor, path):
            remove(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Take the lock; False where another process has it, None where there are no locks here."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open folder is still the one that has this name."""
    try:
        there = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(there.st_mode) and os.path.samestat(os.fstat(descriptor), there)
