"""Guards the cost of intake for any hand-in: calls, bytes and memory. No test reads a clock."""

import bz2
import gzip
import lzma
import os
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import memory_below
from handins import REQUIRED, SPEC, WHOLE, calls_below, content, member, members, tar_bytes, zip_bytes

from grader.errors import SubmissionError
from grader.intake.archives import list_archive
from grader.intake.limits import CAPS, Budget
from grader.intake.notes import Troubles
from grader.intake.take import ingest

CALLS = 4_000_000
"""For the worst hand-in, with the caps as they are: one to two seconds where nothing else runs."""
RIGHT = tar_bytes(members(WHOLE))


def header(kind: bytes, size: int, name: str = "x") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def blocks(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def extended(records: bytes) -> bytes:
    return header(b"x", len(records)) + blocks(records)


def record(key: bytes, value: bytes) -> bytes:
    body = b" " + key + b"=" + value + b"\n"
    length = len(body) + len(str(len(body)))
    return b"%d" % (length + (len(str(length)) > len(str(len(body))))) + body


def crowded_zip(count: int, extra: bytes = b"", comment: bytes = b"") -> bytes:
    """A directory of so many entries of one member, which claims sizes that are in the extra field."""
    stored = zip_bytes([("mytorch/a.py", b"x = 1\n")], zipfile.ZIP_STORED)
    start, end = stored.find(b"PK\1\2"), stored.find(b"PK\5\6")
    entry = bytearray(stored[start:end])
    struct.pack_into("<H", entry, 30, len(extra))
    struct.pack_into("<H", entry, 32, len(comment))
    if extra:
        struct.pack_into("<I", entry, 24, 2**32 - 1)
    listed = (bytes(entry) + extra + comment) * count
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count % 65536, count % 65536, len(listed), start, 0)
    return stored[:start] + listed + tail


def wide_zip(count: int) -> bytes:
    """The same with the newer end record, which can count more than 65,535 entries."""
    data = crowded_zip(count)
    end = data.rfind(b"PK\5\6")
    size, offset = struct.unpack_from("<2L", data, end + 12)
    record_64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    return data[:end] + record_64 + locator + tail


def overlapping_zip(count: int, packed: bytes, size: int) -> bytes:
    """Many wanted members of `size` bytes that share one block of compressed bytes."""
    start = 30 + len("mytorch/a00000.py")
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), size, start - 30, 0)
    entries = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(packed), size, start - 30, 0, 0, 0, 0, 0, 0)
        + b"mytorch/a%05d.py" % number
        for number in range(count)
    )
    body = local + b"mytorch/a00000.py" + packed
    return body + entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entries), len(body), 0)


def pax_times_members() -> bytes:
    keys = b"".join(record(b"k%d" % number, b"v") for number in range(3000))
    return header(b"g", len(keys)) + blocks(keys) + b"".join(header(b"0", 0, f"n{number}") for number in range(9000))


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "global extended headers times members": pax_times_members,
    "the same, packed": lambda: gzip.compress(pax_times_members()),
    "an extended header of many records": lambda: extended(record(b"k", b"") * 600_000) + RIGHT,
    "an extended header of many keys": lambda: (
        extended(b"".join(record(b"%d" % n, b"") for n in range(300_000))) + RIGHT
    ),
    "many extended headers": lambda: extended(record(b"path", b"p" * 400)) * 45_000 + RIGHT,
    "many long names": lambda: (header(b"L", 400) + blocks(b"n" * 400)) * 45_000 + RIGHT,
    "one long name": lambda: header(b"L", 3 * 2**20) + blocks(b"n/" * (3 * 2**19)) + RIGHT,
    "names of many folders": lambda: b"".join(
        extended(record(b"path", b"/".join([b"%d" % n, *[b"d"] * 400]))) + header(b"0", 0) for n in range(9000)
    ),
    "a map of a sparse file without end": lambda: sparse_without_end(),
    "many folders": lambda: header(tarfile.DIRTYPE, 0) * 49_000 + RIGHT,
    "zeros behind the end": lambda: RIGHT + bytes(30 * 2**20),
    "a directory of 200,000 entries": lambda: crowded_zip(200_000),
    "a directory of 200,000 entries in the newer form": lambda: wide_zip(200_000),
    "a directory of large extra fields": lambda: crowded_zip(400, extra=b"\7\0\0\0" * 16_000),
    "a directory of large comments": lambda: crowded_zip(400, comment=b"PK\5\6" * 16_000),
    "a comment that looks like the end": lambda: zip_bytes(WHOLE.items()) + b"PK\5\6" * 16_000,
    "members that share empty blocks": lambda: overlapping_zip(9000, b"\0\0\0\xff\xff" * 2**18, 0),
    "members that share a bomb": lambda: overlapping_zip(9000, deflated(bytes(2**20)), 2**20),
    "empty members of gzip": lambda: gzip.compress(b"") * 200_000,
    "empty streams of bzip2": lambda: bz2.compress(b"") * 200_000,
    "empty streams of xz": lambda: lzma.compress(b"") * 100_000,
    "a bomb of gzip in one of gzip": lambda: gzip.compress(gzip.compress(bytes(30 * 2**20))),
    "ten archives of ten archives": lambda: nested(10, lambda: nested(10, lambda: RIGHT[:512] + bytes(2**16))),
    "a name that looks like a copy of a copy": lambda: zip_bytes(
        (f"{number}{'(1)' * 80}.py", b"") for number in range(3000)
    ),
    "one name in many folders": lambda: zip_bytes((f"{number}/dropout.py", b"") for number in range(9000)),
}

GREEDY = (
    *("global extended headers times members", "one long name", "zeros behind the end", "members that share a bomb"),
    *("a directory of 200,000 entries in the newer form", "empty members of gzip", "a bomb of gzip in one of gzip"),
    "ten archives of ten archives",
)
"""Those that ask for memory."""


def deflated(data: bytes) -> bytes:
    packed = zip_bytes([("a", data)])
    return packed[31 : packed.find(b"PK\1\2")]


def sparse_without_end() -> bytes:
    first, more = bytearray(header(b"S", 0)), bytearray(512)
    first[482] = more[504] = 1
    first[148:156] = b" " * 8
    first[148:156] = b"%06o\0 " % sum(first)
    return bytes(first) + bytes(more) * 40_000


def nested(count: int, make: Callable[[], bytes]) -> bytes:
    return zip_bytes((f"{number}.tar", make()) for number in range(count))


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_work_is_bounded(make: Callable[[], bytes], source: Path, into: Path) -> None:
    (source / "handin").write_bytes(make())
    budget = Budget()
    with calls_below(CALLS), suppress(SubmissionError):
        ingest(source / "handin", SPEC, REQUIRED, into, budget=budget)
    assert budget.moved <= CAPS.moved_bytes + 4 * 2**20  # the last piece is counted when it is there
    assert budget.entries <= CAPS.entries + 1


@pytest.mark.parametrize("name", GREEDY)
def test_the_memory_is_bounded(name: str, source: Path, into: Path) -> None:
    (source / "handin").write_bytes(HOSTILE[name]())
    with memory_below(300 * 2**20), suppress(SubmissionError):
        ingest(source / "handin", SPEC, REQUIRED, into)


def test_notes_are_few_and_short_whatever_there_is_to_say(source: Path, into: Path) -> None:
    kinds = (tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE)
    odd = [member(f"{n}{'n' * 180}", b"", type=kinds[n % 3], linkname="x") for n in range(9990)]
    odd += [member(f"../{n}") for n in range(4900)]
    odd += [member(f"{n}.txt", b"") for n in range(5000)]
    (source / "handin.tar").write_bytes(tar_bytes([*odd, *members(WHOLE)]))
    notes = ingest(source / "handin.tar", SPEC, REQUIRED, into).notes
    assert content(into) == WHOLE
    assert len(notes) < 10
    assert sum(map(len, notes)) < 5000
    assert any("3325 more" in note for note in notes), notes


def test_notes_about_the_assignments_own_files_are_bounded_too(source: Path, into: Path) -> None:
    required = [f"mytorch/m{number}.py" for number in range(500)]
    found = {f"elsewhere/M{number}.PY": b"" for number in range(250)}
    (source / "handin.zip").write_bytes(zip_bytes(found.items()))
    intake = ingest(source / "handin.zip", SPEC, required, into)
    assert len(intake.missing) == 250
    assert len(intake.notes) < 40


def test_a_folder_of_many_entries_is_left_at_the_cap(source: Path, into: Path) -> None:
    for number in range(CAPS.entries + 500):
        (source / f"{number}.pyc").touch()
    with calls_below(CALLS), pytest.raises(SubmissionError, match="entries"):
        ingest(source, SPEC, REQUIRED, into)


def test_a_folder_of_many_levels_is_left_at_the_cap(source: Path, into: Path) -> None:
    place = os.open(source, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=place)
        below = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(os.open("dropout.py", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)
    with calls_below(20_000):
        intake = ingest(source, SPEC, REQUIRED, into)
    assert intake.files == ()
    assert any("too deep" in note for note in intake.notes)
    subprocess.run(["rm", "-rf", source / "d"], check=True)


def test_a_byte_of_a_slow_method_is_dearer() -> None:
    data = bytes(2**20)
    moved = {}
    kinds: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    for kind, pack in kinds.items():
        budget = Budget()
        list_archive(pack(data), f"a.py.{kind}", budget, Troubles())
        moved[kind] = budget.moved
    assert moved["gz"] < 1.1 * 2**20
    assert moved["bz2"] > 3.9 * 2**20
    assert moved["xz"] > 3.9 * 2**20
