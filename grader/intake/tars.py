"""Lists a tar: ustar, GNU and pax, and the older form without a mark.

A reader of our own, because the standard library's follows headers about headers by recursion and copies every
extended header into every member, so that a small file costs it minutes and gigabytes. Here each header is looked at
once, and names and sizes are all that is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from grader.errors import SubmissionError
from grader.intake.limits import Budget
from grader.intake.members import Member, path_of
from grader.intake.notes import Trouble, Troubles, shown

BLOCK = 512
_ZEROS = bytes(BLOCK)
_REGULAR = (b"0", b"\0", b"7")
_WITHOUT_DATA: dict[bytes, Trouble] = {b"1": "link", b"2": "link", b"3": "device", b"4": "device", b"6": "device"}
_FOLDER, _SPARSE = b"5", b"S"
_LONG_NAME, _LONG_LINK = b"L", b"K"
_EXTENDED, _GLOBAL = (b"x", b"X"), b"g"
_RECORD_BYTES = 16
"""How much of the budget a record takes beside its bytes, because each is looked at alone."""
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*")


@dataclass(frozen=True)
class _Said:
    """What a header about the next one says of it."""

    name: bytes | None = None
    size: int | None = None
    sparse: bool = False


def is_tar(data: bytes) -> bool:
    """Whether this begins with a tar's header: its checksum decides, so that the oldest form is known too."""
    return len(data) >= BLOCK and _is_header(data[:BLOCK])


def tar_members(data: bytes, budget: Budget, troubles: Troubles) -> Iterator[Member]:
    """The regular files of a tar."""
    place, said, name = 0, _Said(), "its beginning"
    while place + BLOCK <= len(data):
        header = data[place : place + BLOCK]
        if header == _ZEROS:
            return
        budget.entry()
        kind = header[156:157]
        carries = kind != _FOLDER and kind not in _WITHOUT_DATA
        size = (said.size if said.size is not None and kind in _REGULAR else _number(header[124:136])) if carries else 0
        if not _is_header(header) or size is None:
            troubles.add("damaged", name)
            return
        start = place + BLOCK
        if kind == _SPARSE:
            start = _after_map(data, place)
        place = start + -(-size // BLOCK) * BLOCK
        if kind in (_LONG_NAME, _LONG_LINK, _GLOBAL, *_EXTENDED):
            budget.header(size)
            said = _heard(said, kind, data[start : start + size], budget)
            continue
        raw = said.name if said.name is not None else _name(header)
        sparse, said = said.sparse or kind == _SPARSE, _Said()
        name = raw.decode("utf-8", "surrogateescape")
        if kind == _FOLDER or (kind == b"\0" and name.endswith("/")):
            continue
        path = path_of(name, troubles)
        if path is None:
            continue
        if sparse or kind not in _REGULAR:
            troubles.add("sparse" if sparse else _WITHOUT_DATA.get(kind, "device"), path)
            continue
        yield Member(path, size, partial(_read, data, path, start, size, budget))
        if start + size > len(data):
            troubles.add("damaged", path)
            return


def _read(data: bytes, path: PurePosixPath, start: int, size: int, budget: Budget) -> bytes:
    budget.move(size)
    found = data[start : start + size]
    if len(found) != size:
        raise SubmissionError(
            f"the archive is cut short: {shown(path)} has {len(found)} of {size} bytes; make the archive again"
        )
    return found


def _is_header(header: bytes) -> bool:
    """Whether the checksum is right: the sum of all bytes, blanks in its own place, or of signed bytes."""
    told = _number(header[148:156])
    if told is None or header == _ZEROS:
        return False
    unsigned = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    return told == unsigned or told == unsigned - 256 * sum(byte > 127 for byte in header[:148] + header[156:])


def _number(field: bytes) -> int | None:
    """A number of a header: octal digits, or binary after a first bit; None where it is neither or negative."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else None
    found = _OCTAL.fullmatch(field)
    return int(found[1] or b"0", 8) if found else None


def _name(header: bytes) -> bytes:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _after_map(data: bytes, place: int) -> int:
    """Where the data of a sparse file begins: after the blocks that go on with its map."""
    more = data[place + 482 : place + 483]
    place += BLOCK
    while more not in (b"", b"\0"):
        more = data[place + 504 : place + 505]
        place += BLOCK
    return place


def _heard(said: _Said, kind: bytes, body: bytes, budget: Budget) -> _Said:
    """What is known of the next member after one more header about it."""
    if kind == _LONG_NAME:
        return _Said(body.partition(b"\0")[0], said.size, said.sparse)
    if kind not in _EXTENDED:
        return said
    name, size, sparse = said.name, said.size, said.sparse
    for key, value in _records(body):
        budget.header(_RECORD_BYTES)
        if key == b"path":
            name = value
        elif key == b"size" and value.isdigit() and len(value) < 20:
            size = int(value)
        sparse = sparse or key.startswith(b"GNU.sparse.")
    return _Said(name, size, sparse)


def _records(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records of an extended header, `length key=value` and a line feed, up to the first that is none."""
    place = 0
    while place < len(body):
        blank = body.find(b" ", place, place + 12)
        digits = body[place : max(blank, place)]
        length = int(digits) if digits.isdigit() else 0
        if length <= len(digits) + 2 or place + length > len(body):
            return
        key, _, value = body[blank + 1 : place + length - 1].partition(b"=")
        yield key, value
        place += length
