"""The last resort where Landlock doesn't guard files: the answers can't be opened while student code runs.

The fixtures are in the judge's memory by then, so what holds answers is closed by its mode: to its owner, where student
code runs as the grader itself (the filter of system calls keeps that code from opening it again), and to all others,
where student code runs as another user.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from grader.errors import InternalError

MODES: Final = ".open-modes.json"
"""In the folder of what is closed: the modes that it will get again, by name."""


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


@contextmanager
def _closed(folder: Path, paths: Collection[Path], bits: int) -> Iterator[None]:
    """Take permissions of paths in a folder away; the last of several gradings that run at once gives them back.

    They share a lock of the folder, and a file in it with the modes that the first one found; one that was killed
    leaves the file too, for the next.
    """
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # not every file system has locks
            fcntl.flock(lock, fcntl.LOCK_SH)
        modes = _kept_modes(folder, {path.name: stat.S_IMODE(path.stat().st_mode) for path in paths})
        for path in paths:
            path.chmod(modes[path.name] & ~bits)
        try:
            yield
        finally:
            with suppress(BlockingIOError):  # another grading goes on, and will open them
                _lock_alone(lock)
                for path in paths:
                    path.chmod(modes[path.name])
                (folder / MODES).unlink(missing_ok=True)
    finally:
        os.close(lock)


def _kept_modes(folder: Path, found: Mapping[str, int]) -> Mapping[str, int]:
    """Return the modes that the first of the gradings found, which is this one where none has kept any."""
    kept = folder / MODES
    with suppress(OSError), tempfile.NamedTemporaryFile("w", dir=folder, prefix=f"{MODES}.", encoding="utf-8") as file:
        json.dump(found, file)
        file.flush()
        os.link(file.name, kept)  # at once and whole, and only where there is none
    try:
        return {**found, **json.loads(kept.read_text("utf-8"))}
    except OSError:
        return found  # nothing can be written here: whoever comes later finds what is closed


def _lock_alone(lock: int) -> None:
    """Lock out all others; raises BlockingIOError where there are any."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return  # no locks here: nobody can be known
