"""Makes hand-ins that attack the program that unpacks them, so that the project contains no bomb.

Each contains the right files too, if its format allows, so that a grading without the hostile parts gives full marks.
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hostile_samples import BONUS, ROOT, Verdict

Member = tuple[tarfile.TarInfo, bytes]

ZEROS = 450 * 2**20
"""What a bomb unpacks to: more than a judge may use, and little enough for the machine that runs the tests."""


@dataclass(frozen=True)
class Archive:
    """One hand-in."""

    suffix: str
    about: str
    make: Callable[[Path], object]
    """Writes it to a path."""
    taken: bool = True
    """Whether the right files are taken from it; the whole is refused otherwise, with every test lost."""

    @property
    def verdict(self) -> Verdict:
        """The verdict, as a sample's."""
        lost = () if self.taken else ("adam", "dropout_forward", "dropout_backward")
        return Verdict(self.about, "archives", lost=lost, proof="")


def _right_files() -> list[tuple[str, bytes]]:
    base = ROOT / "reference" / BONUS
    return [(file.relative_to(base).as_posix(), file.read_bytes()) for file in sorted(base.rglob("*.py"))]


def _member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, len(data), link
    return info, data


def _write_tar(file: Path, members: Iterable[Member]) -> None:
    """Write hostile members, then the right files."""
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
        for name, data in _right_files():
            info, _ = _member(name, data)
            archive.addfile(info, io.BytesIO(data))


def _tar(*members: Member) -> Callable[[Path], object]:
    return lambda file: _write_tar(file, members)


def _write_zip(file: Path, members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in [*members.items(), *_right_files()]:
            archive.writestr(name, data)


def _zip(members: Mapping[str, bytes]) -> Callable[[Path], object]:
    return lambda file: _write_zip(file, members)


def _change_headers(file: Path, name: bytes, *, size: int, method: int | None = None) -> None:
    """Give a zip's member another size, and another method, than it has; in both its headers."""
    raw = bytearray(file.read_bytes())
    for mark, method_at, size_at, name_at in ((b"PK\3\4", 8, 22, 30), (b"PK\1\2", 10, 24, 46)):
        place = raw.find(mark)
        while place >= 0:
            if raw[place + name_at : place + name_at + len(name)] == name:
                raw[place + size_at : place + size_at + 4] = struct.pack("<I", size)
                if method is not None:
                    raw[place + method_at : place + method_at + 2] = struct.pack("<H", method)
            place = raw.find(mark, place + 4)
    file.write_bytes(raw)


def _zip_bomb(file: Path) -> None:
    _write_zip(file, {"mytorch/aaa.py": bytes(ZEROS)})


def _zip_bomb_that_lies(file: Path) -> None:
    _zip_bomb(file)
    _change_headers(file, b"mytorch/aaa.py", size=2**20)


def _zip_bomb_bzip2(file: Path) -> None:
    """bzip2 isn't unpacked bit by bit by zipfile: a few hundred bytes come out whole."""
    _write_zip(file, {"mytorch/aaa.py": bz2.compress(bytes(ZEROS), 9) + os.urandom(2**16)}, zipfile.ZIP_STORED)
    _change_headers(file, b"mytorch/aaa.py", size=2**20, method=zipfile.ZIP_BZIP2)


def _zip_bomb_lzma(file: Path) -> None:
    _write_zip(file, {"mytorch/aaa.py": bytes(ZEROS)}, zipfile.ZIP_LZMA)
    _change_headers(file, b"mytorch/aaa.py", size=2**20)


def _gzip_bomb(file: Path) -> None:
    with gzip.open(file, "wb", compresslevel=1) as stream:
        for _ in range(ZEROS // 2**20):
            stream.write(bytes(2**20))


def _crowded_zip(file: Path) -> None:
    """A directory that lists members which aren't there."""
    entry = struct.Struct("<4sHHHHHHIIIHHHHHII")
    names = [b"%06x" % number for number in range(100_000)]
    listed = b"".join(entry.pack(b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0) + name for name in names)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65535, 65535, len(listed), 4, 0)
    file.write_bytes(b"PK\3\4" + listed + end)


def _chain(kind: bytes, body: bytes) -> Callable[[Path], object]:
    """Headers that each announce the next one: a reader that recurses runs out of stack."""

    def make(file: Path) -> None:
        info, _ = _member("x", body, kind)
        link = info.tobuf(tarfile.GNU_FORMAT) + (body.ljust(512, b"\0") if body else b"")
        _write_tar(file, [])
        file.write_bytes(link * 3000 + file.read_bytes())

    return make


def _negative_size(file: Path) -> None:
    """A member of negative size: a reader that believes it goes backwards, for ever."""
    head = bytearray(tarfile.TarInfo("mytorch").tobuf(tarfile.GNU_FORMAT))
    head[156:157] = tarfile.DIRTYPE
    head[124:136] = b"\xff" * 8 + struct.pack(">i", -512)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    _write_tar(file, [])
    file.write_bytes(bytes(head) + file.read_bytes())


def _half(file: Path) -> None:
    _write_tar(file, [])
    os.truncate(file, file.stat().st_size // 1024 * 512 + 100)


def _tar_in_a_zip(file: Path) -> None:
    inner = file.with_name("inner.tar")
    _write_tar(inner, [])
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(inner, "handin.tar")


def _packed_bombs(file: Path, *, right: bool = True) -> None:
    bomb = gzip.compress(bytes(ZEROS), 1)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("handin.tar.gz", bomb)
        archive.writestr("data.csv", bytes(ZEROS // 4))
        for name, data in _right_files() if right else []:
            archive.writestr(name, data)


def _locked_beside(file: Path) -> None:
    _write_zip(file, {"notes.txt": b"locked"})
    raw = bytearray(file.read_bytes())
    for mark, flags_at, name_at in ((b"PK\3\4", 6, 30), (b"PK\1\2", 8, 46)):
        place = raw.find(mark)
        while raw[place + name_at : place + name_at + 9] != b"notes.txt":
            place = raw.find(mark, place + 4)
        raw[place + flags_at] |= 1
    file.write_bytes(raw)


def _headers_times_members(file: Path) -> None:
    """A reader that copies what is said of all members into each needs memory for their product."""
    keys = {f"k{number}": "v" for number in range(3000)}
    with tarfile.open(file, "w:gz", format=tarfile.PAX_FORMAT, pax_headers=keys) as archive:
        for number in range(9000):
            archive.addfile(_member(f"notes/{number}.txt")[0])
        for name, data in _right_files():
            archive.addfile(_member(name, data)[0], io.BytesIO(data))


def _shared_bytes(file: Path) -> None:
    """The directory at a zip's end may lead many members to the same bytes."""
    _write_zip(file, {"mytorch/a00000.py": bytes(2**20)})
    raw = file.read_bytes()
    start, end = raw.find(b"PK\1\2"), raw.rfind(b"PK\5\6")
    first, rest = raw[start : raw.find(b"PK\1\2", start + 4)], raw[raw.find(b"PK\1\2", start + 4) : end]
    listed = b"".join(first.replace(b"a00000", b"a%05d" % number) for number in range(9000)) + rest
    count = 9000 + len(_right_files())
    file.write_bytes(
        raw[:start] + listed + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(listed), start, 0)
    )


def _devices(file: Path) -> None:
    members = [_member("mytorch/null.py", kind=tarfile.CHRTYPE), _member("mytorch/disk.py", kind=tarfile.BLKTYPE)]
    members[0][0].devmajor, members[0][0].devminor = 1, 3
    _write_tar(file, [*members, _member("mytorch/pipe.py", kind=tarfile.FIFOTYPE)])


def _setuid(file: Path) -> None:
    info, data = _member("mytorch/notes.py", b"x = 1\n")
    info.mode, info.uname, info.gname = 0o6777, "root", "root"
    _write_tar(file, [(info, data)])


def _many(file: Path) -> None:
    def members() -> Iterator[Member]:
        for number in range(12_000):
            yield _member(f"notes/{number}.txt", b"1")

    _write_tar(file, members())


def _sparse(file: Path) -> None:
    """A file of 4 GiB of holes, as GNU's tar writes it, under a wanted name: in the old form and in the new one."""
    old = tarfile.TarInfo("mytorch/sparse.py")
    old.type, old.size = tarfile.GNUTYPE_SPARSE, 512
    new = tarfile.TarInfo("GNUSparseFile.0/other.py")
    new.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "mytorch/other.py",
        "GNU.sparse.realsize": str(4 * 2**30),
    }
    new.size = 1024
    data = b"1\n4294966000\n512\n".ljust(512, b"\0") + b"#" * 512
    _write_tar(file, [(old, b"#" * 512), (new, data)])
    raw = bytearray(file.read_bytes())
    # the map of the old form: one block, at the end of a file of 4 GiB
    for place, number in ((386, 4 * 2**30 - 512), (398, 512), (483, 4 * 2**30)):
        raw[place : place + 12] = b"%011o\0" % number
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    file.write_bytes(raw)


def _odd_kinds(file: Path) -> None:
    """Volumes, continued files, folders of GNU's, and types that nobody knows."""
    kinds = {"V": b"V", "M": b"M", "D": b"D", "N": b"N", "A": b"A", "Z": b"Z", "7": b"7"}
    _write_tar(file, [_member(f"mytorch/{name}.py", b"x = 1\n" * 100, kind) for name, kind in kinds.items()])


def _said_elsewhere(file: Path) -> None:
    """Extended headers that give a member another path and another size than its own header does."""
    path, size = _member("notes.txt", b"1"), _member("mytorch/size.py", b"1")
    path[0].pax_headers = {"path": "../../left-by-hostile", "linkpath": "/etc/passwd"}
    size[0].pax_headers = {"size": str(2**62), "mtime": "nan"}
    _write_tar(file, [path])
    later = file.with_suffix(".later")
    _write_tar(later, [size])
    raw, other = file.read_bytes(), later.read_bytes()
    file.write_bytes(raw.rstrip(b"\0") + bytes(-len(raw.rstrip(b"\0")) % 512) + other)
    later.unlink()


def _odd_members(file: Path) -> None:
    """Links, devices and folders by their modes, with bytes; encrypted, of an unknown method, and with no name."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, mode in {"link": 0o120777, "device": 0o060666, "pipe": 0o010666, "socket": 0o140777}.items():
            info = zipfile.ZipInfo(f"mytorch/{name}.py")
            info.create_system, info.external_attr = 3, mode << 16
            archive.writestr(info, "/etc/passwd")
        archive.writestr("mytorch/folder.py/", "x = 1")
        archive.writestr("/", "x = 1")
        for name, data in _right_files():
            archive.writestr(name, data)


def _two_directories(file: Path) -> None:
    """A second directory in the comment of the first: readers disagree about which one counts."""
    _write_zip(file, {})
    right = file.read_bytes()
    _write_zip(file, {"mytorch/dropout.py": b"raise SystemExit\n"})
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"PK\5\6" + bytes(18) + b"PK\1\2" * 100
    file.write_bytes(file.read_bytes() + right)


ARCHIVES: Mapping[str, Archive] = {
    "tar_sparse": Archive(".tar", "files of 4 GiB of holes", _sparse),
    "tar_odd_kinds": Archive(".tar", "volumes, continued files, folders of GNU's, unknown types", _odd_kinds),
    "tar_said_elsewhere": Archive(
        ".tar", "extended headers that change path, link and size", _said_elsewhere, taken=False
    ),
    "zip_odd_members": Archive(".zip", "links, devices and folders with bytes, a member without a name", _odd_members),
    "zip_two_directories": Archive(".zip", "two archives in one, each with a directory", _two_directories),
    "tar_traversal": Archive(
        ".tar",
        "members named ../, / and ..",
        _tar(_member("../../left-by-hostile", b"x"), _member("/tmp/left-by-hostile", b"x"), _member("..", b"x")),
    ),
    "zip_traversal": Archive(
        ".zip",
        "members named ../, with backslashes and with a drive",
        _zip({"../../left-by-hostile": b"x", "..\\..\\left-by-hostile": b"x", "C:\\left-by-hostile": b"x"}),
    ),
    "tar_symlinks": Archive(
        ".tar",
        "a link to /etc/passwd, and a file through a link",
        _tar(
            _member("mytorch/link.py", kind=tarfile.SYMTYPE, link="/etc/passwd"),
            _member("mytorch/up", kind=tarfile.SYMTYPE, link="../../.."),
            _member("mytorch/up/left-by-hostile.py", b"x"),
        ),
    ),
    "tar_hard_link": Archive(
        ".tar",
        "a hard link to /etc/passwd",
        _tar(_member("mytorch/hard.py", kind=tarfile.LNKTYPE, link="/etc/passwd")),
    ),
    "tar_devices": Archive(".tar", "devices and a pipe", _devices),
    "tar_setuid": Archive(".tar", "a setuid file of root's", _setuid),
    "tar_same_name_twice": Archive(
        ".tar",
        "one name three times, the right file last",
        _tar(*[_member("mytorch/dropout.py", b"raise SystemExit\n")] * 2),
    ),
    "tar_in_a_tar": Archive(
        ".tar",
        "archives beside the right files",
        _tar(_member("mytorch/inner.tar", bytes(10_240)), _member("inner.tar.gz", gzip.compress(bytes(10_240)))),
    ),
    "tar_in_a_zip": Archive(".zip", "nothing but an archive in it", _tar_in_a_zip),
    "tar_in_a_bomb": Archive(
        ".zip",
        "nothing but a bomb that is named as an archive",
        lambda file: _packed_bombs(file, right=False),
        taken=False,
    ),
    "zip_bombs_beside": Archive(".zip", "bombs that nobody wants beside the right files", _packed_bombs),
    "zip_locked_member_beside": Archive(".zip", "an encrypted member beside the right files", _locked_beside),
    "tar_headers_times_members": Archive(
        ".tar.gz", "3000 keys in a header about all members, and 9000 members", _headers_times_members
    ),
    "zip_shared_bytes": Archive(".zip", "9000 wanted members that share one bomb", _shared_bytes, taken=False),
    "tar_huge_names": Archive(
        ".tar",
        "paths of 6 KB and 200 KB, and a wanted file with a name of 300 bytes",
        _tar(
            _member("/".join(["d"] * 3000) + "/x.py", b"1"),
            _member("n" * 200_000, b"1"),
            _member("mytorch/" + "x" * 300 + ".py", b"1"),
        ),
    ),
    "tar_names_with_controls": Archive(
        ".tar",
        "names with escapes, a change of direction, tags and broken UTF-8",
        _tar(_member("\x1b[31m<script>alert(1)</script>\u202e.txt", b"1"), _member("mytorch/\udcff.txt", b"1")),
    ),
    "tar_many_members": Archive(".tar", "12,000 members", _many, taken=False),
    "tar_chain_of_long_names": Archive(
        ".tar", "3000 headers that each announce a long name", _chain(tarfile.GNUTYPE_LONGNAME, b"a\0")
    ),
    "tar_chain_of_extended_headers": Archive(".tar", "3000 extended headers in a row", _chain(tarfile.XHDTYPE, b"")),
    "tar_negative_size": Archive(".tar", "a member of negative size, so that reading goes backwards", _negative_size),
    "tar_cut_short": Archive(".tar", "half an archive", _half, taken=False),
    "zip_many_listed_members": Archive(
        ".zip", "a directory of 100,000 members that aren't there", _crowded_zip, taken=False
    ),
    "zip_bomb": Archive(".zip", "450 MB of zeros, deflated", _zip_bomb, taken=False),
    "zip_bomb_that_lies": Archive(".zip", "the same, claiming to be 1 MB", _zip_bomb_that_lies, taken=False),
    "zip_bomb_bzip2": Archive(".zip", "the same, in bzip2", _zip_bomb_bzip2, taken=False),
    "zip_bomb_lzma": Archive(".zip", "the same, in lzma", _zip_bomb_lzma, taken=False),
    "gzip_bomb": Archive(".tar.gz", "450 MB of zeros, gzipped", _gzip_bomb, taken=False),
}
