"""The file system that a child sees: the zygote has its own mount namespace, where mounting is allowed.

An interpreter below a home folder of mode 0700 is unusable after a change of user: the new user can't open its files or
late imports. So an empty folder is mounted over the closed one, and the paths that the worker needs are bind-mounted at
their old places. The worker can't see anything else of the closed folder. Work folders are on a separate file system
of limited size, which disappears when the zygote ends.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from grader.sandbox.child.landlock import outermost
from grader.sandbox.libc import mount, system_call, unshare

_CLONE_NEWNS = 0x00020000
_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_NOATIME, _ANY_ATIME = 0x10, 0x70
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18


def own_view() -> bool:
    """Give this process its own mount namespace, in which reading doesn't change access times.

    Returns False where mounting isn't allowed: as a plain user, and in most containers.
    """
    try:
        unshare(_CLONE_NEWNS)
        mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    except OSError:
        return False
    with contextlib.suppress(OSError):  # Linux 5.12
        attributes = struct.pack("<4Q", _NOATIME, _ANY_ATIME, 0, 0)
        system_call(_MOUNT_SETATTR, _AT_FDCWD, b"/", _AT_RECURSIVE, attributes, len(attributes))
    return True


def mount_work(around: Path, size: int, files: int, mode: str = "0755") -> None:
    """Mount a file system of at most `size` bytes and `files` files on a folder, in this mount namespace only."""
    options = f"mode={mode},size={size},nr_inodes={files}"
    mount("grader", str(around), "tmpfs", _MS_NOSUID | _MS_NODEV, options)


def closed_folders(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    """Return the outermost folders that other users may not enter, each with the given paths that are in it."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        real = path.resolve()
        for folder in reversed(real.parents):
            if not folder.stat().st_mode & stat.S_IXOTH:
                found.setdefault(folder, []).append(real)
                break
    return found


def open_folders(closed: dict[Path, list[Path]]) -> None:
    """Mount an empty folder over each closed folder, in this mount namespace, and bind-mount its paths in it.

    Raises OSError where mounting isn't allowed, as in most containers.
    """
    unshare(_CLONE_NEWNS)
    mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    for folder, paths in closed.items():
        # the descriptors still reach the paths after their folder is covered
        held = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in outermost(paths)]
        mount("none", str(folder), "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m")
        for path, descriptor in held:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                _make_folder(path)
            else:
                _make_folder(path.parent)
                path.touch()
            mount(f"/proc/self/fd/{descriptor}", str(path), None, _MS_BIND | _MS_REC)
            os.close(descriptor)


def _make_folder(path: Path) -> None:
    """Make a folder and its missing parents, readable by all users whatever the umask is."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
