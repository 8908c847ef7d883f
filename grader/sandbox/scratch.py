"""The folder that one child may write to: new for each child, watched while it runs, removed whatever is in it.

The judge owns the parent folder and reaches both by descriptors, so a link that a child puts in their place isn't
followed.
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
"""Free space that the disk must have, so that no test fails because the disk is full."""
_DEPTH = 64
"""The deepest level of folders that the watch looks at; it needs one descriptor for each level."""
_FUTURE = 10 * 365 * 86400.0


class Scratch:
    """Makes, watches and removes the work folders of one worker."""

    def __init__(self, around: Path, user: tuple[int, int] | None) -> None:
        """Use the parent folder `around`, which only the judge may change; `user` owns the work folders."""
        self.path = around / NAME
        self._user = user
        self._around = os.open(around, FOLDER)

    def renew(self) -> None:
        """Replace the work folder by an empty one; raises InternalError if that fails."""
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
        """Raise InternalError if the disk is nearly full, because a failed write would cost the student points."""
        disk = os.fstatvfs(self._around)
        if disk.f_bavail * disk.f_frsize < SPARE_BYTES:
            raise InternalError(
                f"the disk of {self.path.parent} is full, and a test may need it; make room, or set TMPDIR to a "
                "folder with room"
            )

    def excess(self) -> str:
        """Return a description of how the folder exceeds its limits; empty if it doesn't.

        Raises InternalError if the disk is nearly full and this child isn't the cause.
        """
        size, count = 0, 0
        for entry_size in _sizes(NAME, self._around):
            size, count = size + entry_size, count + 1
            if size > WORK_BYTES or count > WORK_FILES:
                return f"wrote more than {WORK_BYTES >> 20} MiB or {WORK_FILES} files into its work folder"
        self.check_room()
        return ""

    def close(self) -> None:
        """Close the parent folder's descriptor; the folder is removed with the worker's stage."""
        os.close(self._around)


def _sizes(name: str, parent: int, depth: int = 0) -> Iterator[int]:
    """The bytes on disk of every entry in a folder, without unreadable folders and folders that are too deep."""
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
    """Set the access times of all files in a folder to the future, so that reading doesn't change them.

    Otherwise one child could pass information to the next by reading certain files. Nearly all mounts are "relatime": a
    read updates the access time if that is older than the last change.
    """
    ahead = time.time() + _FUTURE
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(OSError):
            os.utime(path, (ahead, path.lstat().st_mtime), follow_symlinks=False)
