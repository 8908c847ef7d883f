"""The files of a source, which is a folder or an archive, as one tree; nothing is written and no link is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from grader.errors import InternalError, SubmissionError
from grader.intake.limits import CAPS, MIB
from grader.intake.members import DEPTH, composed, is_junk, is_junk_folder
from grader.intake.notes import shown

ROOT = PurePosixPath(".")
LINK = "is a link, which may lead anywhere; put a copy of the hand-in in its place"
DEVICE = "is a device, a pipe or a socket; put the hand-in itself in its place"
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class UnreadableError(InternalError):
    """The machine can't read one entry of a source, which says nothing about the others."""


@dataclass(frozen=True)
class Node:
    """One file or folder of a source."""

    path: PurePosixPath
    """Below the source; a name that isn't Unicode has surrogates, as Python's own functions use them."""
    is_folder: bool
    trouble: str = ""
    """Why it can't be taken, as the end of a sentence that begins with its name; empty if it can."""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.name


@dataclass(frozen=True)
class Leaf:
    """One regular file to lay out."""

    path: PurePosixPath
    """Relative to the node that was asked for; just the name if that is a file."""
    size: int
    origin: PurePosixPath
    """Its path below the source, with which it is read."""


class Tree(Protocol):
    """A source's files."""

    name: str
    """The source's own name, for sentences and for what a download's name tells."""
    is_archive: bool

    def children(self, folder: PurePosixPath) -> list[Node]:
        """The entries directly in a folder, in order, without junk of operating systems."""

    def leaves(self, path: PurePosixPath) -> list[Leaf]:
        """All regular files below a folder; the file itself for a file."""

    def read(self, path: PurePosixPath, limit: int) -> bytes:
        """The content of a file.

        Raises:
            SubmissionError: it is damaged, or has more than `limit` bytes.
            UnreadableError: the machine can't read it.
        """

    def on_disk(self, path: PurePosixPath) -> Path | None:
        """Where it is on the disk; None if it is inside an archive."""

    def left_out(self, path: PurePosixPath) -> list[str]:
        """Sentences about members below this path that can't be files."""


class FolderTree:
    """A folder on the disk; only the folders that are asked for are listed."""

    is_archive = False

    def __init__(self, root: Path, own: Path) -> None:
        """Make a tree of the folder `root`; an entry in which we write, at `own`, isn't part of it."""
        self._root, self._own = root, own
        self.name = root.name

    def children(self, folder: PurePosixPath) -> list[Node]:
        """See Tree."""
        try:
            with os.scandir(self._root / folder) as entries:
                found = [(entry.name, entry.stat(follow_symlinks=False).st_mode) for entry in entries]
        except OSError as error:
            raise _fault(folder, error) from None
        return [
            _node(folder / name, mode)
            for name, mode in sorted(found)
            if not _is_junk(name, mode) and not self._own.is_relative_to(self._root / folder / name)
        ]

    def leaves(self, path: PurePosixPath) -> list[Leaf]:
        """See Tree."""
        return list(self._leaves(path, path.parent))

    def _leaves(self, path: PurePosixPath, base: PurePosixPath) -> Iterator[Leaf]:
        try:
            info = (self._root / path).lstat()
        except OSError as error:
            raise _fault(path, error) from None
        if stat.S_ISREG(info.st_mode):
            yield Leaf(path.relative_to(base), info.st_size, path)
        elif stat.S_ISDIR(info.st_mode) and len(path.parts) <= DEPTH:
            for node in self.children(path):
                yield from self._leaves(node.path, base)

    def read(self, path: PurePosixPath, limit: int) -> bytes:
        """See Tree."""
        try:
            descriptor = os.open(self._root / path, _FLAGS)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise SubmissionError(f"{shown(path)} isn't a regular file; put a file in its place")
                data = file.read(min(limit, os.fstat(descriptor).st_size) + 1)
        except OSError as error:
            raise _fault(path, error) from None
        if len(data) > limit:
            raise SubmissionError(too_large(path, limit))
        return data

    def on_disk(self, path: PurePosixPath) -> Path | None:
        """See Tree."""
        return self._root / path

    def left_out(self, path: PurePosixPath) -> list[str]:
        """See Tree; the intake itself sees and names them."""
        return []


def too_large(path: PurePosixPath, limit: int) -> str:
    """The sentence about a file that is larger than may be read."""
    return f"{shown(path)} is larger than {limit // MIB} MiB, and isn't read"


def is_placeholder(size: int) -> bool:
    """Whether the intake refuses or ignores a file of this size without reading it."""
    return size > max(CAPS.archive_bytes, CAPS.file_bytes, CAPS.total_bytes)


def _node(path: PurePosixPath, mode: int) -> Node:
    if stat.S_ISLNK(mode):
        return Node(path, False, LINK)
    known = stat.S_ISDIR(mode) or stat.S_ISREG(mode)
    return Node(path, stat.S_ISDIR(mode), "" if known else DEVICE)


def _is_junk(name: str, mode: int) -> bool:
    return is_junk_folder(name) if stat.S_ISDIR(mode) else is_junk(PurePosixPath(composed(name)))


def _fault(path: PurePosixPath, error: OSError) -> UnreadableError:
    place = shown(path) if path.parts else "the source's folder"
    return UnreadableError(f"{place} can't be read ({error.strerror or error}); give the grader's user the right to it")
