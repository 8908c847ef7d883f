"""An archive of a whole class as a tree: its members are listed once, and read one hand-in at a time.

The intake's readers list and read the members, so nothing is unpacked unchecked. The archive is mapped into memory, or
unpacked into a temporary file first if it is a compressed tar, because a class's archive may have gigabytes. Each
hand-in has the intake's usual budget, so a bomb in it costs this hand-in alone.
"""

from __future__ import annotations

import lzma
import mmap
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from grader.classroom.sources.tree import DEVICE, LINK, ROOT, Leaf, Node, too_large
from grader.errors import InternalError, SubmissionError, UsageError
from grader.intake import zips
from grader.intake.compression import FILES, STEP, Method
from grader.intake.limits import MIB, Budget, Caps
from grader.intake.members import Member
from grader.intake.notes import SHOWN, Trouble, Troubles, shown
from grader.intake.tars import is_tar, tar_members

CLASS_CAPS = Caps(
    archive_bytes=64 * 2**30, moved_bytes=128 * 2**30, header_bytes=4 * 2**30, entries=5_000_000, members=5_000_000
)
"""The limits of a class's archive, which an instructor downloaded: ten thousand hand-ins of five hundred files."""
_STEP = "download it again, or unpack it yourself and name the folder"
_SAID: dict[Trouble, str] = {
    "outside": "leads out of the archive, and was left out",
    "unnamed": "is no name of a file, and was left out",
    "long": "has a name that is too long or too deep, and was left out",
    "link": LINK,
    "device": DEVICE,
    "sparse": "is a sparse file, and was left out",
    "damaged": "is damaged",
}


class _Budget(Budget):
    """The class's budget for listing, and a hand-in's own for what is read of it."""

    def __init__(self) -> None:
        super().__init__(CLASS_CAPS)
        self.own = Budget(CLASS_CAPS)  # until the first hand-in, what a platform wrote about all of them is read

    def move(self, count: int, weight: int = 1) -> None:
        """Count bytes of the hand-in that is read now."""
        self.own.move(count, weight)


class _Troubles(Troubles):
    """Keeps every member that can't be taken, because each belongs to a hand-in."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[Trouble, str]] = []

    def add(self, kind: Trouble, name: object) -> None:
        """Record that this member is left out."""
        self.all.append((kind, str(name)))


class ArchiveTree:
    """The members of an archive, by folder."""

    is_archive = True

    def __init__(self, name: str, members: list[Member], troubles: list[tuple[Trouble, str]], budget: _Budget) -> None:
        self.name = name
        self._budget = budget
        self._files = {member.path: member for member in members}  # of two with one path, unpackers keep the last
        self._folders: dict[PurePosixPath, dict[PurePosixPath, None]] = {ROOT: {}}
        for path in self._files:
            self._enter(path)
        self._troubles = {PurePosixPath(path.lstrip("/")): kind for kind, path in troubles}
        for path in self._troubles:
            if len(path.parts) == 1:
                self._enter(path)
            elif path.parts and path.parts[0] != "..":  # a folder of nothing but links is still an entry
                self._enter(PurePosixPath(path.parts[0]))
                self._folders.setdefault(PurePosixPath(path.parts[0]), {})

    def _enter(self, path: PurePosixPath) -> None:
        for parent in path.parents:
            known = self._folders.setdefault(parent, {})
            if path in known:
                return
            known[path] = None
            path = parent

    def children(self, folder: PurePosixPath) -> list[Node]:
        """See Tree."""
        return [
            Node(path, path in self._folders, _SAID[self._troubles[path]] if path in self._troubles else "")
            for path in sorted(self._folders.get(folder, ()))
        ]

    def leaves(self, path: PurePosixPath) -> list[Leaf]:
        """See Tree."""
        return list(self._leaves(path, path.parent))

    def _leaves(self, path: PurePosixPath, base: PurePosixPath) -> Iterator[Leaf]:
        if path in self._files:
            if path in self._folders:
                raise SubmissionError(f"{shown(path)} is a file and a folder at once; make the archive again")
            yield Leaf(path.relative_to(base), self._files[path].size, path)
        for child in self._folders.get(path, ()):
            yield from self._leaves(child, base)

    def begin(self) -> None:
        """Start another hand-in, with a budget of its own."""
        self._budget.own = Budget()

    def read(self, path: PurePosixPath, limit: int) -> bytes:
        """See Tree."""
        member = self._files[path]
        if member.size > limit:
            raise SubmissionError(too_large(path, limit))
        return member.read()

    def on_disk(self, path: PurePosixPath) -> Path | None:
        """See Tree."""
        return None

    def left_out(self, path: PurePosixPath) -> list[str]:
        """See Tree."""
        found = [
            f"{shown(place)} {_SAID[kind]}." for place, kind in self._troubles.items() if place.is_relative_to(path)
        ]
        more = len(found) - SHOWN
        return [*found[:SHOWN], *([f"({more} more like this.)"] if more > 0 else [])]


@contextmanager
def opened(source: Path, stage: Path) -> Iterator[ArchiveTree]:
    """The members of an archive; they can be read inside the block.

    Args:
        source: a zip or a tar, which may be compressed.
        stage: an existing folder for the temporary file.

    Raises:
        UsageError: it isn't such an archive, or it is damaged: hand-ins could be missing.
        InternalError: the machine can't read it.
    """
    try:
        with source.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise UsageError(f"{shown(source.name)} is empty (0 bytes); {_STEP}")
            head = file.read(8)
            compression = next((method for method in FILES.values() if head.startswith(method.mark)), None)
            file.seek(0)
            if compression is None:
                yield _listed(source.name, file)
            else:
                with tempfile.TemporaryFile(dir=stage) as unpacked:
                    _unpack(source.name, file, compression, unpacked)
                    yield _listed(source.name, unpacked)
    except OSError as error:
        raise InternalError(
            f"{shown(source.name)} can't be read, or unpacked into {stage} ({error.strerror or error}); look after "
            "its rights and the room on the disk"
        ) from None


def _listed(name: str, file: IO[bytes]) -> ArchiveTree:
    # never closed, because an error's traceback may hold a view of it: it is unmapped with the last reference
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    data = cast("bytes", mapped)  # the readers only slice it, search it and take its length, as both types allow
    budget, troubles = _Budget(), _Troubles()
    try:
        if data[:4] in zips.MARKS:
            members = list(zips.zip_members(data, name, budget, troubles))
        elif is_tar(data):
            members = list(tar_members(data, budget, troubles))
        else:
            raise UsageError(f"{shown(name)} is neither a folder nor a zip or tar; name one of them")
    except SubmissionError as error:
        raise UsageError(f"{shown(name)} can't be listed: {error}; as it is a whole class's: {_STEP}") from None
    for kind, path in troubles.all:
        if kind == "damaged":
            raise UsageError(
                f"{shown(name)} is damaged or cut short at {shown(path)}, so that hand-ins may be missing; {_STEP}"
            )
    # where every name leads out, the archive was made with whole paths, and what is left of them is right
    inside = [member for member in members if not member.led_out]
    left_out = [(kind, path) for kind, path in troubles.all if inside or kind != "outside"]
    return ArchiveTree(name, inside or members, left_out, budget)


def _unpack(name: str, file: IO[bytes], method: Method, target: IO[bytes]) -> None:
    """Unpack all streams of a compressed file, in pieces."""
    decoder, piece, size = method.make(), b"", 0
    while True:
        if decoder.needs_input and not piece:
            piece = file.read(STEP)
            if not piece:
                raise UsageError(f"{shown(name)} is cut short, so that hand-ins may be missing; {_STEP}")
        try:
            part = decoder.decompress(piece, MIB)
        # bz2 raises OSError for damaged data
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise UsageError(f"{shown(name)} can't be unpacked ({shown(error)}); {_STEP}") from None
        piece = b""
        size += target.write(part)
        if size > CLASS_CAPS.archive_bytes:
            raise UsageError(f"{shown(name)} unpacks to more than {CLASS_CAPS.archive_bytes // MIB} MiB; {_STEP}")
        if decoder.eof:
            piece = decoder.unused_data
            if len(piece) < len(method.mark):
                piece += file.read(STEP)
            if not piece.startswith(method.mark):
                break
            decoder = method.make()
    if not size:
        raise UsageError(f"{shown(name)} is empty once it is unpacked; {_STEP}")
    target.flush()
