"""Lays out a hand-in where it isn't one path on the disk: inside an archive, or as several loose files.

A hand-in that is an archive stays one. Nothing here decides what counts: the intake does, later, with its own limits.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from grader.classroom.sources.found import Piece, is_archive_name
from grader.classroom.sources.tree import Leaf, Tree, is_placeholder
from grader.errors import InternalError, SubmissionError
from grader.intake.compression import FILES
from grader.intake.limits import CAPS, MIB
from grader.intake.notes import shown
from grader.intake.tars import is_tar
from grader.intake.zips import MARKS

_SHOWN_BYTES = 1000 * MIB
"""The greatest size of a placeholder; the intake's sentences say "more than 1000 MiB" from there on."""


def place(tree: Tree, pieces: Sequence[Piece], target: Path) -> Path:
    """Return where a hand-in is on the disk; it is written to the new folder `target` only if it must be.

    Raises:
        SubmissionError: the hand-in is damaged or too large.
        InternalError: the machine can't read or write it.
    """
    if len(pieces) == 1:
        real = tree.on_disk(pieces[0].path)
        if real is not None and (real.is_dir() or (real.is_file() and is_archive(real.name, _head(real)))):
            return real
    leaves = {name: leaf for piece in pieces for name, leaf in _named(tree, piece)}
    if len(leaves) > CAPS.members:
        raise SubmissionError(f"it has more than {CAPS.members} files; hand in the source files only")
    _make(target)
    for name, leaf in leaves.items():
        file = target.joinpath(*PurePosixPath(name).parts)
        if is_placeholder(leaf.size):
            data = b""
            _write(file, data, leaf.size)
        else:
            data = tree.read(leaf.origin, leaf.size)
            _write(file, data)
        if len(leaves) == 1 and len(PurePosixPath(name).parts) == 1 and is_archive(name, data[:512]):
            return file
    return target


def _named(tree: Tree, piece: Piece) -> list[tuple[str, Leaf]]:
    """The files of a piece, by their paths in the hand-in."""
    leaves = tree.leaves(piece.path)
    if not leaves:
        return []
    if leaves[0].origin == piece.path:
        return [(PurePosixPath(piece.name or piece.path.name).name, leaves[0])]
    return [(str(PurePosixPath(*leaf.path.parts[1:])), leaf) for leaf in leaves]


def is_archive(name: str, head: bytes) -> bool:
    """Return whether the intake opens it as an archive, or should say why it can't."""
    marks = (*MARKS, *(method.mark for method in FILES.values()))
    return is_archive_name(name) or head.startswith(marks) or is_tar(head)


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(512)
    except OSError:
        return b""  # the intake says why, when it reads the file


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise SubmissionError(f"{shown(folder.name)} is a file and a folder at once; make the archive again") from None
    except NotADirectoryError:
        raise SubmissionError("a file and a folder have the same name; make the archive again") from None
    except OSError as error:
        raise _full(folder, error) from None


def _write(file: Path, data: bytes, size: int = 0) -> None:
    """Write a new file; one of `size` bytes without content is a placeholder, which takes no room."""
    _make(file.parent)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            if size:
                stream.truncate(min(size, _SHOWN_BYTES))
    except OSError as error:
        raise _full(file, error) from None


def _full(path: Path, error: OSError) -> InternalError:
    return InternalError(
        f"{shown(path.name)} can't be written into {path.parent} ({error.strerror or error}); make room there"
    )
