"""Removes what student code may have left, whatever it looks like."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a folder is opened: never through a link."""


def remove(name: str | Path, parent: int | None = None) -> None:
    """Remove a file or a folder: whatever its modes are, however deep it is, and never through a link.

    Folders are moved to the top before they are emptied, so no path gets long and no descriptor is kept for a level.
    Raises OSError where something can't be removed; what isn't there is fine.
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
    """Remove a file of `top`, or a folder whose own folders come to `top` instead."""
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
                os.close(_opened(entry, folder))  # a folder can be moved by who may write to it
                os.rename(entry, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=top)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)


def _opened(name: str | Path, parent: int | None) -> int:
    """Open a folder for reading that may be closed to its owner; raises NotADirectoryError for all else, links too."""
    place = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            raise NotADirectoryError(os.fspath(name))
        os.chmod(f"/proc/self/fd/{place}", 0o700)  # the descriptor's own folder, wherever its name leads by now
        return os.open(".", FOLDER, dir_fd=place)
    finally:
        os.close(place)
