"""Removes any files and folders that student code left."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""Flags to open a folder without following a link."""


def remove(name: str | Path, parent: int | None = None) -> None:
    """Remove a file or a folder, of any mode and depth, without following links.

    Folders are moved to the top before they are emptied, so paths stay short and no level needs its own descriptor.
    Raises OSError if something can't be removed; a missing file isn't an error.
    """
    try:
        top = _opened(name, parent)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        os.unlink(name, dir_fd=parent)
        return
    try:
        while names := os.listdir(top):
            for entry in names:
                _empty(entry, top)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _empty(name: str, top: int) -> None:
    """Remove a file of `top`, or a folder of `top` after moving its subfolders to `top`."""
    try:
        os.unlink(name, dir_fd=top)
        return
    except (IsADirectoryError, PermissionError):
        folder = _opened(name, top)
    try:
        for entry in os.listdir(folder):
            try:
                os.unlink(entry, dir_fd=folder)
            except (IsADirectoryError, PermissionError):
                os.close(_opened(entry, folder))  # makes the folder writable, which moving it requires
                os.rename(entry, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=top)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)


def _opened(name: str | Path, parent: int | None) -> int:
    """Open a folder even if its mode excludes its owner; raises NotADirectoryError for anything else, also a link."""
    place = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            raise NotADirectoryError(os.fspath(name))
        os.chmod(f"/proc/self/fd/{place}", 0o700)  # by descriptor, because the name may be a different file by now
        return os.open(".", FOLDER, dir_fd=place)
    finally:
        os.close(place)
