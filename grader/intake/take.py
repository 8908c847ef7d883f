"""Takes a hand-in (folder, tar, tar.gz, zip or a single file) into a clean folder of regular files.

Nothing of the hand-in is executed or parsed here, and nothing it names is followed: members are read as bytes, matched
against the assignment's file list, and written anew.
"""

from __future__ import annotations

import fnmatch
import gzip
import io
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from grader.assignment import SubmissionSpec
from grader.errors import AssignmentError, SubmissionError
from grader.text import clean_text

ARCHIVE_BYTES = 100 * 2**20
TOTAL_BYTES = 50 * 2**20
FILE_BYTES = 10 * 2**20
MEMBERS = 10_000
RATIO = 200
"""An archive that grows more than this is taken for a bomb, once it is past a mebibyte."""
DEPTH = 30
_JUNK = ("__MACOSX", "__pycache__", ".git", ".ipynb_checkpoints")
_COPY = re.compile(r"^copy of |( - copy|[ _-]copy( \d{1,2})?| ?\((\d{1,2}|copy)\))+$")
"""What browsers and desktops add to the name of a file that they copy."""
_SHOWN = 5
NAME_CHARS = 120
PART_BYTES = 255
"""What a file system takes as the name of one file or folder."""
_DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError),
    *(LookupError, RecursionError, MemoryError, OverflowError),
)
"""What the standard library raises for an archive that isn't whole, or was made to break it."""


@dataclass(frozen=True)
class Intake:
    """What was taken."""

    files: tuple[str, ...]
    """Relative POSIX paths in the clean folder."""
    missing: tuple[str, ...]
    """Files of the reference that the submission doesn't have, and that aren't lent."""
    notes: tuple[str, ...]
    """Sentences for the student: what was found elsewhere, renamed, left out."""


@dataclass(frozen=True)
class _Member:
    """One regular file of a hand-in, not read yet."""

    path: PurePosixPath
    size: int
    read: Callable[[], bytes]


def ingest(
    source: Path, spec: SubmissionSpec, required: Sequence[str], into: Path, lender: Path | None = None
) -> Intake:
    """Copy the files that the assignment asks for from `source` into the empty folder `into`.

    Args:
        source: what the student handed in.
        spec: the assignment's file list.
        required: the paths that a complete submission has.
        into: an existing folder; files are made in it with mode 0644.
        lender: the reference, from which the assignment may lend files that `source` hasn't got.

    Raises:
        SubmissionError: when `source` as a whole can't be read; the sentence is for the student.
    """
    notes: list[str] = []
    try:
        with _members(source, notes) as members:
            found = {member.path: member for member in members}
            chosen = _choose(found, spec, required, notes)
            total = 0
            for target, member in sorted(chosen.items()):
                total += member.size
                if member.size > FILE_BYTES or total > TOTAL_BYTES:
                    raise SubmissionError(
                        f"{shown(member.path)} makes the hand-in too large; hand in the source files only"
                    )
                _write(into, PurePosixPath(target), member.read())
    except _DAMAGED as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        message = f"{shown(source.name)} can't be unpacked ({shown(reason)}); make the archive again and look into it"
        raise SubmissionError(message) from None
    missing = [name for name in required if name not in chosen]
    lent = _lend(lender, [name for name in missing if wanted(PurePosixPath(name), spec.lent)], into)
    left_out = sorted(str(path) for path in set(found) - {member.path for member in chosen.values()})
    if left_out:
        more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
        notes.append(
            f"Left out, because the assignment doesn't ask for it: {', '.join(map(shown, left_out[:_SHOWN]))}{more}."
        )
    for name in missing:
        if name in lent:
            notes.append(f"The submission has no file {name}; the course's own is used instead.")
        else:
            notes.append(f"The submission has no file {name}; the tests that need it can't pass.")
    return Intake(tuple(sorted(chosen)), tuple(name for name in missing if name not in lent), tuple(notes))


def _lend(lender: Path | None, names: Sequence[str], into: Path) -> set[str]:
    """Copy files of the reference; return which, without those whose place something of the hand-in has taken."""
    if lender is None:
        return set()
    lent = set()
    for name in names:
        try:
            data = (lender / name).read_bytes()
        except OSError as error:
            message = f"can't be lent ({error.strerror}); what assignment.toml lends must lie there"
            raise AssignmentError(lender / name, None, message) from None
        with suppress(FileExistsError, NotADirectoryError):
            _write(into, PurePosixPath(name), data)
            lent.add(name)
    return lent


def shown(name: object) -> str:
    """Return a name from a hand-in as one may print it: on one line, without control characters, not too long."""
    return " ".join(clean_text(str(name), NAME_CHARS).split())


def _choose(
    found: dict[PurePosixPath, _Member], spec: SubmissionSpec, required: Sequence[str], notes: list[str]
) -> dict[str, _Member]:
    """Decide which member stands for which wanted path."""
    base = _base(found, spec, required)
    if str(base) != ".":
        notes.append(f"The files were found inside the folder {shown(base)}/, and taken from there.")
    chosen: dict[str, _Member] = {}
    for path, member in found.items():
        if base == PurePosixPath(".") or path.is_relative_to(base):
            relative = path.relative_to(base)
            if wanted(relative, spec.files):
                chosen[str(relative)] = member
    taken = {member.path for member in chosen.values()}
    for name in required:
        if name in chosen:
            continue
        stand_in = _stand_in(name, [path for path in found if path not in taken])
        if stand_in is not None:
            notes.append(f"{name} was found as {shown(stand_in)}, and taken from there.")
            chosen[name] = found[stand_in]
            taken.add(stand_in)
            continue
        # what matched a pattern by another spelling gives way to the name that tests look for
        lower = PurePosixPath(name.lower())
        other = [key for key in chosen if key not in required and _plain(PurePosixPath(key)) == lower]
        if len(other) == 1:
            notes.append(f"{name} was found as {shown(other[0])}, and taken from there.")
            chosen[name] = chosen.pop(other[0])
    return chosen


def wanted(path: PurePosixPath, patterns: Iterable[str]) -> bool:
    """Whether a path matches a pattern part by part, so that `*` stays inside one folder."""
    for pattern in patterns:
        parts = PurePosixPath(pattern).parts
        if len(parts) == len(path.parts) and all(map(fnmatch.fnmatchcase, path.parts, parts)):
            return True
    return False


def _base(found: Iterable[PurePosixPath], spec: SubmissionSpec, required: Sequence[str]) -> PurePosixPath:
    """The folder under which most of the required files lie; the shallowest of equals."""
    votes: dict[PurePosixPath, int] = {}
    for path in found:
        for depth in {len(PurePosixPath(pattern).parts) for pattern in spec.files}:
            if depth <= len(path.parts):
                tail = PurePosixPath(*path.parts[-depth:])
                if wanted(tail, spec.files):
                    folder = path.parents[depth - 1]
                    votes[folder] = votes.get(folder, 0) + (str(tail) in required)
    return min(votes, key=lambda folder: (-votes[folder], len(folder.parts), str(folder)), default=PurePosixPath("."))


def _stand_in(name: str, candidates: Sequence[PurePosixPath]) -> PurePosixPath | None:
    """A file elsewhere, in other case, or named as a copy, that can only be meant for `name`."""
    lower = PurePosixPath(name.lower())
    same_name = [path for path in candidates if path.name.lower() == lower.name]
    deep = len(lower.parts)
    same_tail = [path for path in same_name if PurePosixPath(str(path).lower()).parts[-deep:] == lower.parts]
    copies = [path for path in candidates if _plain(path).parts[-deep:] == lower.parts] if not same_name else []
    for group in (same_tail, same_name, copies):
        if len(group) == 1:
            return group[0]
    return None


def _plain(path: PurePosixPath) -> PurePosixPath:
    """A path in lower case, without what copying added to its name."""
    return PurePosixPath(str(path.with_name(_COPY.sub("", path.stem.lower()) + path.suffix)).lower())


def _write(folder: Path, path: PurePosixPath, data: bytes) -> None:
    target = folder.joinpath(*path.parts)
    for parent in reversed(target.parents):
        if parent.is_relative_to(folder) and parent != folder and not parent.is_dir():
            parent.mkdir()
            parent.chmod(0o755)  # whatever the umask is: the worker may be another user
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o644)
        file.write(data)


@contextmanager
def _members(source: Path, notes: list[str]) -> Iterator[list[_Member]]:
    """The regular files of a hand-in, whatever holds them."""
    try:
        mode = source.stat().st_mode
    except (OSError, ValueError):
        raise SubmissionError(f"there is no file or folder {shown(source.name or source)}") from None
    if stat.S_ISDIR(mode):
        yield list(_from_folder(source, notes))
        return
    if not stat.S_ISREG(mode):
        raise SubmissionError(f"{shown(source.name)} is neither a file nor a folder; hand in one of them")
    if source.stat().st_size > ARCHIVE_BYTES:
        raise SubmissionError(
            f"{shown(source.name)} is larger than {ARCHIVE_BYTES // 2**20} MiB; hand in the source files only"
        )
    # in memory: an archive's own headers then can't ask for more than there is
    yield list(_from_file(source, io.BytesIO(source.read_bytes()), notes))


def _from_folder(root: Path, notes: list[str]) -> Iterator[_Member]:
    count = 0
    for folder, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _JUNK)
        for name in sorted(files):
            path = Path(folder) / name
            relative = PurePosixPath(path.relative_to(root).as_posix())
            info = path.lstat()
            count += 1
            if count > MEMBERS:
                raise SubmissionError(f"the hand-in has more than {MEMBERS} files; hand in the source files only")
            if not stat.S_ISREG(info.st_mode):
                notes.append(f"{shown(relative)} isn't a regular file and was left out.")
            elif not _junk(relative):
                yield _Member(relative, info.st_size, lambda path=path: _read_file(path))  # type: ignore[misc]  # bound default


def _read_file(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise SubmissionError(f"{shown(path.name)} can't be read ({error.strerror}); hand in a copy") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SubmissionError(f"{shown(path.name)} isn't a regular file; hand in a copy")
        return file.read(FILE_BYTES + 1)


def _junk(path: PurePosixPath) -> bool:
    return len(path.parts) > DEPTH or path.name.startswith("._") or any(part in _JUNK for part in path.parts)


def _from_file(source: Path, file: BinaryIO, notes: list[str]) -> Iterator[_Member]:
    """Decide by content, not by name, what the file is."""
    head = file.read(512)
    file.seek(0)
    if not head:
        raise SubmissionError(f"{shown(source.name)} is empty (0 bytes); look into it and hand it in again")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _from_zip(file, notes)
    elif head.startswith(b"\x1f\x8b"):
        yield from _from_tar(io.BytesIO(_gunzip(file, source.name)), source.name, notes)
    elif head[257:262] == b"ustar" or _old_tar(file):
        yield from _from_tar(file, source.name, notes)
    elif source.suffix in (".py", ".toml"):
        yield _Member(PurePosixPath(source.name), source.stat().st_size, lambda: _read_file(source))
    else:
        raise SubmissionError(f"{shown(source.name)} is {_foreign(head)}; hand in a .tar, .tar.gz or .zip")


def _old_tar(file: BinaryIO) -> bool:
    """Whether this is a tar without the 'ustar' mark: its first header's checksum decides."""
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            return archive.next() is not None
    except (tarfile.TarError, OSError, ValueError):
        return False
    finally:
        file.seek(0)


def _foreign(head: bytes) -> str:
    for mark, what in (
        (b"Rar!", "a RAR archive"),
        (b"7z\xbc\xaf", "a 7z archive"),
        (b"%PDF", "a PDF"),
        (b"BZh", "a bzip2 file"),
    ):
        if head.startswith(mark):
            return what
    if head.startswith(b"\xfd7zXZ"):
        return "an xz file"
    if b'"cells"' in head or b'"nbformat' in head:
        return "a notebook"
    return "not an archive that can be read"


def _gunzip(file: BinaryIO, name: str) -> bytes:
    """Unpack, within the caps, so that a bomb costs at most the cap."""
    with gzip.GzipFile(fileobj=file) as stream:
        data = stream.read(TOTAL_BYTES * 2 + 1)
    if len(data) > TOTAL_BYTES * 2:
        raise SubmissionError(
            f"{name} unpacks to more than {TOTAL_BYTES * 2 // 2**20} MiB; hand in the source files only"
        )
    return data


def _clean_name(name: str, notes: list[str]) -> PurePosixPath | None:
    """The member's path below the archive's root, or None with a note."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or (path.parts and ":" in path.parts[0]):
        notes.append(f"The archive names a path outside of itself ({shown(name)}); it was left out.")
        return None
    if any(len(part.encode("utf-8", "surrogatepass")) > PART_BYTES for part in path.parts):
        notes.append(f"{shown(name)} has a longer name than a file can have, and was left out.")
        return None
    return path if path.parts and not _junk(path) else None


def _from_tar(file: BinaryIO, name: str, notes: list[str]) -> Iterator[_Member]:
    # kept open on purpose: members are read later, while the caller still holds `file`
    archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115  # see above
    count = 0
    for info in archive:
        count += 1
        if count > MEMBERS:
            raise SubmissionError(f"{shown(name)} has more than {MEMBERS} members; hand in the source files only")
        if info.isdir():
            continue
        path = _clean_name(info.name, notes)
        if path is None:
            continue
        if not info.isreg() or info.issparse():
            notes.append(f"{shown(path)} is a {_tar_kind(info)}, not a regular file, and was left out.")
            continue
        yield _Member(path, info.size, lambda info=info: _read_tar(archive, info))  # type: ignore[misc]  # bound default


def _tar_kind(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "link"
    return "sparse file" if info.issparse() else "device or pipe"


def _read_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(info)
    data = stream.read(FILE_BYTES + 1) if stream is not None else b""
    if len(data) != info.size:
        raise SubmissionError(
            f"the archive is cut short: {shown(info.name)} has {len(data)} of {info.size} bytes; make it again"
        )
    return data


def _from_zip(file: BinaryIO, notes: list[str]) -> Iterator[_Member]:
    archive = zipfile.ZipFile(file)
    infos = archive.infolist()
    if len(infos) > MEMBERS:
        raise SubmissionError(f"the archive has more than {MEMBERS} members; hand in the source files only")
    for info in infos:
        if info.filename.endswith("/"):
            continue
        path = _clean_name(info.filename, notes)
        if path is None:
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            notes.append(f"{shown(path)} is a link or device, not a regular file, and was left out.")
            continue
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SubmissionError("the archive is compressed in an unusual way; make it again as a plain .zip")
        if info.flag_bits & 1:
            raise SubmissionError("the archive is encrypted; hand it in without a password")
        if info.file_size > max(info.compress_size, 1) * RATIO and info.file_size > 2**20:
            raise SubmissionError(
                f"{shown(path)} unpacks to {info.file_size // 2**20} MiB; hand in the source files only"
            )
        yield _Member(path, info.file_size, lambda info=info: _read_zip(archive, info))  # type: ignore[misc]  # bound default


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as stream:
        # one byte past the promise: a member that holds more than it says is a lie
        data = stream.read(min(info.file_size, FILE_BYTES) + 1)
    if len(data) != info.file_size:
        raise SubmissionError(f"the archive is damaged: {shown(info.filename)} isn't as long as it says; make it again")
    return data
