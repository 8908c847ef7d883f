"""The folder that one child may write to: made anew for each, watched while it runs, removed however it was left.

The judge owns the folder around it and reaches both by descriptors, so nothing that a child puts in their place is
followed, opened or removed through.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from grader.errors import InternalError
from grader.sandbox.child.jail import WORK_BYTES, WORK_FILES
from grader.sandbox.removal import FOLDER, remove

NAME = "home"
SPARE_BYTES = 16 * 2**20
"""Room that must be left on the disk, or a test could fail for want of it."""
_DEPTH = 64
"""Folders deep that the watch looks: it holds a descriptor for each."""
_FUTURE = 10 * 365 * 86400.0


class Scratch:
    """Makes, watches and removes the work folders of one worker."""

    def __init__(self, around: Path, user: tuple[int, int] | None) -> None:
        """Take the folder `around` them, which only the judge may change; `user` is whose the work folders are."""
        self.path = around / NAME
        self._user = user
        self._around = os.open(around, FOLDER)

    def renew(self) -> None:
        """Replace the work folder by an empty one; raises InternalError where that can't be done."""
        try:
            for name in os.listdir(self._around):  # a child may have moved its folder
                remove(name, self._around)
            os.mkdir(NAME, 0o700, dir_fd=self._around)
            if self._user is not None:
                os.chown(NAME, *self._user, dir_fd=self._around, follow_symlinks=False)
        except OSError as error:
            raise InternalError(f"{self.path} can't be made anew ({error.strerror}); is the disk full?") from None
        self.check_room()

    def check_room(self) -> None:
        """Raise InternalError where the disk is nearly full: what a test can't write would be held against it."""
        disk = os.fstatvfs(self._around)
        if disk.f_bavail * disk.f_frsize < SPARE_BYTES:
            raise InternalError(
                f"the disk of {self.path.parent} is full, and a test may need it; make room, or set TMPDIR to a "
                "folder with room"
            )

    def excess(self) -> str:
        """Say how the folder has grown past what a child may write; empty where it hasn't.

        Raises InternalError where the disk is nearly full and this child isn't why.
        """
        size, count = 0, 0
        for entry_size in _sizes(NAME, self._around):
            size, count = size + entry_size, count + 1
            if size > WORK_BYTES or count > WORK_FILES:
                return f"wrote more than {WORK_BYTES >> 20} MiB or {WORK_FILES} files into its work folder"
        self.check_room()
        return ""

    def close(self) -> None:
        """Let go of the folder around; what is in it goes with the worker's stage."""
        os.close(self._around)


def _sizes(name: str, parent: int, depth: int = 0) -> Iterator[int]:
    """The bytes on disk of everything in a folder; what can't be looked into, or is too deep, counts as nothing."""
    try:
        folder = os.open(name, FOLDER, dir_fd=parent)
    except OSError:
        return
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    yield found.st_blocks * 512
                    if stat.S_ISDIR(found.st_mode) and depth < _DEPTH:
                        yield from _sizes(entry.name, folder, depth + 1)
    finally:
        os.close(folder)


def settle_times(folder: Path) -> None:
    """Put the times of access of all files in a folder ahead of now, where reading doesn't change them any more.

    Mounts are "relatime" nearly everywhere: a read is noted where the last one is older than the last change. One
    child could tell the next something by which files it reads.
    """
    ahead = time.time() + _FUTURE
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(OSError):
            os.utime(path, (ahead, path.lstat().st_mtime), follow_symlinks=False)
