"""The last resort where Landlock doesn't guard files: the answers can't be opened while student code runs.

The fixtures are in the judge's memory by then, so what holds answers is closed by its mode: to its owner, where student
code runs as the grader itself (the filter of system calls keeps that code from opening it again), and to all others,
where student code runs as another user.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from grader.errors import InternalError

MARK: Final = ".open-mode"
"""Ends the name of a mark, which begins with a dot and the name of what is closed."""


@contextmanager
def concealed(paths: Collection[Path], layers: Collection[str], *, demanded: bool) -> Iterator[None]:
    """Close `paths` for the time of the block, unless Landlock keeps student code from them anyway.

    Args:
        paths: folders and files that hold answers; what doesn't exist is passed over.
        layers: the layers that hold.
        demanded: whether to refuse where nothing guards the files: for root, whom a mode doesn't bind.

    Raises:
        InternalError: where that is demanded and can't be had.
    """
    if "landlock" in layers:
        yield
        return
    if os.geteuid() == 0 and "uid" not in layers and demanded:
        raise InternalError(
            "nothing here keeps student code from reading the answers: the kernel has no Landlock, or they lie among "
            "the interpreter's libraries, and there is no user grader-worker; run setup.sh, which makes it, or grade "
            "as a plain user"
        )
    if "uid" not in layers and (os.geteuid() == 0 or "seccomp" not in layers):
        yield  # a mode doesn't bind root, and without the filter an owner opens what is its own
        return
    bits = 0o077 if "uid" in layers else 0o700
    folders: dict[Path, list[Path]] = {}
    for path in paths:
        if path.exists():
            folders.setdefault(path.parent, []).append(path)
    with ExitStack() as stack:
        for folder, inside in folders.items():
            stack.enter_context(_closed(folder, inside, bits))
        yield


def reopen(folder: Path) -> None:
    """Open what gradings that were killed left closed in a folder, unless another grading goes on there."""
    if any(folder.glob(f".*{MARK}")):
        with _shared(folder) as lock:
            _open_if_alone(folder, lock)


@contextmanager
def _closed(folder: Path, paths: Collection[Path], bits: int) -> Iterator[None]:
    """Take permissions of paths in a folder away; the last of several gradings that run at once gives them back."""
    with _shared(folder) as lock:
        modes = {path: _marked_mode(path) for path in paths}
        for path, mode in modes.items():
            path.chmod(mode & ~bits)
        try:
            yield
        finally:
            if _open_if_alone(folder, lock):
                for path, mode in modes.items():
                    path.chmod(mode)  # where no mark could be made


@contextmanager
def _shared(folder: Path) -> Iterator[int]:
    """Hold a lock that several may hold, and none while another opens what is closed."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # not every file system has locks
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock
    finally:
        os.close(lock)


def _marked_mode(path: Path) -> int:
    """Return the permissions that a path has while no grading closes it; the first of them leaves a mark that says so.

    The mark is a symbolic link whose target is the mode: made at once and whole, and only where there is none.
    """
    mark = path.with_name(f".{path.name}{MARK}")
    mode = stat.S_IMODE(path.stat().st_mode)
    with suppress(OSError):
        os.symlink(f"{mode:o}", mark)
    return _mode_of(mark, mode)


def _mode_of(mark: Path, otherwise: int) -> int:
    try:
        return int(os.readlink(mark), 8) & 0o777
    except (OSError, ValueError):
        return otherwise


def _open_if_alone(folder: Path, lock: int) -> bool:
    """Give everything marked its permissions back, where no other grading holds the lock; return whether it was so."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # that one will
    except OSError:
        pass  # no locks here: nobody can be known
    for mark in folder.glob(f".*{MARK}"):
        path = mark.with_name(mark.name[1 : -len(MARK)])
        with suppress(OSError):
            path.chmod(_mode_of(mark, stat.S_IMODE(path.lstat().st_mode)))
            mark.unlink()
    return True
