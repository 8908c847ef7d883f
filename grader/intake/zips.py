"""Lists the members of a zip from the directory at its end.

It doesn't use the standard library's reader, which reads the whole directory first; this one reads entry by entry and
stops at the cap. A member's compression method and encryption are checked only when it is read, so that an unwanted
member costs nothing.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from grader.errors import SubmissionError
from grader.intake.compression import BZIP2, DEFLATE, unpack, zip_lzma
from grader.intake.limits import Budget
from grader.intake.members import Member, path_of
from grader.intake.notes import Troubles, shown

MARKS = (b"PK\3\4", b"PK\5\6")
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_COMMENT_BYTES = 2**16
_FULL = 2**32 - 1
"""The value of a size or offset that doesn't fit and is in the extra field instead."""
_FIELDS = 16
"""The number of fields of an extra field that are searched for it."""
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_ENCRYPTED, _UTF_8 = 0x1, 0x800


@dataclass(frozen=True)
class _Entry:
    """One entry of the directory."""

    flags: int
    method: int
    crc: int
    packed: int
    size: int
    place: int
    mode: int
    name: str


def zip_members(data: bytes, name: str, budget: Budget, troubles: Troubles) -> Iterator[Member]:
    """The regular files of a zip."""
    for entry in _directory(data, name, budget):
        kind = stat.S_IFMT(entry.mode)
        if entry.name.endswith(("/", "\\")) or kind == stat.S_IFDIR:
            continue
        found = path_of(entry.name, troubles)
        if found is None:
            continue
        path, led_out = found
        if kind not in (0, stat.S_IFREG):
            troubles.add("link" if kind == stat.S_IFLNK else "device", path)
            continue
        yield Member(path, entry.size, partial(_read, data, name, path, entry, budget), led_out)


def _directory(data: bytes, name: str, budget: Budget) -> Iterator[_Entry]:
    end = data.rfind(MARKS[1], max(len(data) - _COMMENT_BYTES - _END.size, 0))
    if end < 0 or end + _END.size > len(data):
        raise SubmissionError(f"{shown(name)} is cut short: its directory is missing; make the archive again")
    size, offset = _END.unpack_from(data, end)[5:7]
    locator = end - _LOCATOR.size
    if locator >= 0 and data[locator : locator + 4] == b"PK\6\7":
        end = locator - _END_64.size
        if end < 0 or data[end : end + 4] != b"PK\6\6":
            raise _damaged(name, "its directory can't be found")
        size, offset = _END_64.unpack_from(data, end)[8:10]
    place = end - size
    shift = place - offset
    """The distance between real and recorded offsets, because of data before the zip."""
    if place < 0 or shift < 0:
        raise _damaged(name, "its directory can't be found")
    while place < end:
        budget.entry()
        if place + _ENTRY.size > end or data[place : place + 4] != b"PK\1\2":
            raise _damaged(name, "its directory can't be read")
        (_, _, _, flags, method, _, _, crc, packed, unpacked, *lengths, _, _, attributes, start) = _ENTRY.unpack_from(
            data, place
        )
        place += _ENTRY.size
        label, extra = data[place : place + lengths[0]], data[place + lengths[0] : place + lengths[0] + lengths[1]]
        place += sum(lengths[:3])
        sizes = _large((unpacked, packed, start), extra)
        yield _Entry(flags, method, crc, sizes[1], sizes[0], sizes[2] + shift, attributes >> 16, _decoded(label, flags))


def _large(sizes: tuple[int, int, int], extra: bytes) -> list[int]:
    """Sizes and offset; those that don't fit into the entry are read from its extra field."""
    found = list(sizes)
    wide = [index for index in range(3) if sizes[index] == _FULL]
    place = 0
    for _ in range(_FIELDS if wide else 0):
        kind, length = int.from_bytes(extra[place : place + 2], "little"), extra[place + 2 : place + 4]
        place += 4
        if kind == 1:
            for number, index in enumerate(wide):
                found[index] = int.from_bytes(extra[place + 8 * number : place + 8 * number + 8], "little")
            break
        place += int.from_bytes(length, "little")
    return found


def _decoded(name: bytes, flags: int) -> str:
    """A name, decoded as UTF-8 if possible, even without the UTF-8 flag, which macOS doesn't set."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("utf-8", "surrogateescape") if flags & _UTF_8 else name.decode("cp437")


def _read(data: bytes, name: str, path: PurePosixPath, entry: _Entry, budget: Budget) -> bytes:
    local = data[entry.place : entry.place + _LOCAL.size]
    if len(local) < _LOCAL.size or local[:4] != MARKS[0]:
        raise _damaged(name, f"{shown(path)} isn't where it should be")
    fields = _LOCAL.unpack(local)
    if (entry.flags | fields[2]) & _ENCRYPTED:
        raise SubmissionError(f"{shown(path)} is encrypted; hand in an archive without a password")
    start = entry.place + _LOCAL.size + fields[9] + fields[10]
    packed = memoryview(data)[start : start + entry.packed]
    if len(packed) != entry.packed:
        raise _damaged(name, f"it ends inside {shown(path)}")
    try:
        if entry.method == _STORED:
            found = bytes(packed[: entry.size + 1])
            budget.move(len(found))
        elif entry.method == _DEFLATED:
            found, _ = unpack(packed, DEFLATE, budget, entry.size + 1)
        elif entry.method == _BZIP2:
            found, _ = unpack(packed, BZIP2, budget, entry.size + 1)
        elif entry.method == _LZMA:
            method, rest = zip_lzma(packed, entry.size)
            found, _ = unpack(rest, method, budget, entry.size + 1)
        else:
            raise SubmissionError(
                f"{shown(path)} is compressed in an unusual way (method {entry.method}); make the archive again as a "
                "plain .zip"
            )
    except ValueError as error:
        raise _damaged(name, f"{shown(path)} can't be unpacked, {shown(error)}") from None
    if len(found) != entry.size or zlib.crc32(found) != entry.crc:
        raise _damaged(name, f"{shown(path)} isn't what its directory says")
    return found


def _damaged(name: str, fact: str) -> SubmissionError:
    return SubmissionError(f"{shown(name)} is damaged: {fact}; make the archive again and look into it")
