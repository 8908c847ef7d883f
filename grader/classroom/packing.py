"""Packs a hand-in for another machine: all that the intake reads, so that it is judged there as it would be here.

A file that the intake refuses for its size travels as its size alone: it may be sparse, and expand to any size.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.classroom.sources.place import is_archive
from grader.errors import InternalError, UsageError
from grader.intake.limits import CAPS, MIB
from grader.intake.members import is_junk_folder

_PLACEHOLDER_BYTES = 1000 * MIB
"""The greatest size of a file without content; the intake refuses it like any larger one."""
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True)
class Piece:
    """One entry of a hand-in."""

    path: str
    """Below the hand-in; empty for the hand-in itself."""
    kind: Literal["file", "folder", "link", "pipe"]
    """Whatever is no file, folder or link is sent as a pipe: the intake refuses all of them alike."""
    data: bytes = b""
    """A file's content."""
    size: int = 0
    """The size of a file without content; 0 if it has its content."""


def pack(path: Path) -> tuple[Piece, ...]:
    """Return the pieces of a hand-in, in order.

    Raises:
        UsageError: it isn't there any more, or is a link.
        InternalError: the machine can't read it.
    """
    try:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            return tuple(_folder(path))
        if stat.S_ISREG(mode):
            return (_file(path, "", CAPS.archive_bytes),)
    except FileNotFoundError:
        raise UsageError(f"{path} isn't there any more") from None
    except OSError as error:
        raise InternalError(f"{error.filename or path} can't be read: {error.strerror}") from None
    raise UsageError(f"{path} isn't a file or a folder any more")


def _folder(root: Path) -> Iterator[Piece]:
    left, total = CAPS.entries, 0
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            left -= 1
            if left < -1:
                return  # with one too many, the intake refuses it
            place = os.path.relpath(entry.path, root)
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                yield Piece(place, "folder")
                if not is_junk_folder(entry.name):
                    waiting.append(Path(entry.path))
            elif stat.S_ISREG(mode):
                piece = _file(Path(entry.path), place, CAPS.file_bytes)
                total += len(piece.data)
                if total > CAPS.moved_bytes:
                    raise InternalError(
                        f"{root} has more than {CAPS.moved_bytes // MIB} MiB of files, too much to send; "
                        "remove what isn't homework, or grade it on this machine with --jobs"
                    )
                yield piece
            else:
                yield Piece(place, "link" if stat.S_ISLNK(mode) else "pipe")


def _file(file: Path, place: str, limit: int) -> Piece:
    descriptor = os.open(file, _FLAGS)
    with os.fdopen(descriptor, "rb") as stream:
        size = os.fstat(descriptor).st_size
        if is_archive(file.name, os.pread(descriptor, 512, 0)):
            limit = CAPS.archive_bytes  # it is opened, also inside a folder
        if size > limit:
            return Piece(place, "file", size=size)
        return Piece(place, "file", stream.read(size))


def unpack(pieces: tuple[Piece, ...], place: Path) -> None:
    """Write the pieces at `place`, which is a new path.

    Raises OSError if the machine can't write them.
    """
    if pieces and not pieces[0].path:
        _write(place, pieces[0])
        return
    place.mkdir(mode=0o700)
    for piece in pieces:
        path = place / piece.path
        if piece.kind == "folder":
            path.mkdir(mode=0o700)
        elif piece.kind == "link":
            path.symlink_to("elsewhere")  # links aren't followed, so the target isn't sent
        elif piece.kind == "pipe":
            os.mkfifo(path, 0o600)
        else:
            _write(path, piece)


def _write(file: Path, piece: Piece) -> None:
    with file.open("xb") as stream:
        stream.write(piece.data)
        if piece.size:
            stream.truncate(min(piece.size, _PLACEHOLDER_BYTES))
