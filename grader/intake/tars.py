"""Lists the members of a tar: ustar, GNU, pax, and the older format without a magic number.

It doesn't use the standard library's reader, which processes extended headers recursively and copies each of them into
every member, so that a small file can cost minutes and gigabytes. This reader processes each header once, and keeps
only names and sizes.
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
"""The budget that a record uses in addition to its bytes, because each record is processed separately."""
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*")


@dataclass(frozen=True)
class _Said:
    """The facts about the next member that an extended header gives."""

    name: bytes | None = None
    size: int | None = None
    sparse: bool = False


def is_tar(data: bytes) -> bool:
    """Whether this begins with a tar's header; the checksum decides, because the oldest format has no magic number."""
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
        found = path_of(name, troubles)
        if found is None:
            continue
        path, led_out = found
        if sparse or kind not in _REGULAR:
            troubles.add("sparse" if sparse else _WITHOUT_DATA.get(kind, "device"), path)
            continue
        yield Member(path, size, partial(_read, data, path, start, size, budget), led_out)
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
    """Whether the checksum is right: the sum of all bytes, signed or unsigned, with blanks for the checksum's own."""
    told = _number(header[148:156])
    if told is None or header == _ZEROS:
        return False
    unsigned = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    return told == unsigned or told == unsigned - 256 * sum(byte > 127 for byte in header[:148] + header[156:])


def _number(field: bytes) -> int | None:
    """A header's number: octal digits, or binary if the first bit is set; None if it is malformed or negative."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else None
    found = _OCTAL.fullmatch(field)
    return int(found[1] or b"0", 8) if found else None


def _name(header: bytes) -> bytes:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _after_map(data: bytes, place: int) -> int:
    """The offset of a sparse file's data: after the blocks that continue its map."""
    more = data[place + 482 : place + 483]
    place += BLOCK
    while more not in (b"", b"\0"):
        more = data[place + 504 : place + 505]
        place += BLOCK
    return place


def _heard(said: _Said, kind: bytes, body: bytes, budget: Budget) -> _Said:
    """The facts about the next member after one more extended header."""
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
    """The records of an extended header, `length key=value` and a line feed, up to the first malformed one."""
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
