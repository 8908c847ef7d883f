"""Makes hand-ins of every format, takes them in, and guards that nothing but the target changes."""

import bz2
import gzip
import io
import lzma
import stat
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from grader.assignment import SubmissionSpec
from grader.errors import SubmissionError
from grader.intake.take import Intake, ingest
from grader.text import clean_text

SPEC = SubmissionSpec(files=("mytorch/*.py", "hw1/hw1.py"), path=("mytorch", "hw1"))
REQUIRED = ("hw1/hw1.py", "mytorch/dropout.py", "mytorch/optimizer.py")
WHOLE = {
    "hw1/hw1.py": b"class MLP:\n    pass\n",
    "mytorch/dropout.py": b"class Dropout:\n    pass\n",
    "mytorch/optimizer.py": b"class adam:\n    pass\n" + b"# long\n" * 2000,
}
FORMATS = ("folder", "tar", "tar.gz", "tar.bz2", "tar.xz", "zip")
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": lambda data: data,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}

Files = dict[str, bytes]
Member = tuple[tarfile.TarInfo, bytes]


def tar_bytes(members: Iterable[Member], format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return buffer.getvalue()


def member(name: str, data: bytes = b"x = 1\n", **changes: object) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def members(files: Files) -> list[Member]:
    return [member(name, data) for name, data in files.items()]


def zip_bytes(files: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data, compress_type=method)
    return buffer.getvalue()


def pack(files: Files, format: str, where: Path) -> Path:
    """Make a hand-in of one of the formats in the folder `where`."""
    source = where / f"handin.{format}"
    if format == "folder":
        for name, data in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(data)
    elif format == "zip":
        source.write_bytes(zip_bytes(files.items()))
    else:
        source.write_bytes(PACKERS[format.removeprefix("tar.")](tar_bytes(members(files))))
    return source


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What is in a folder: path to mode, size and time of change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        found[str(path)] = (info.st_mode, info.st_size, info.st_mtime_ns)
    return found


@contextmanager
def guarded(around: Path) -> Iterator[Path]:
    """A fresh target folder inside `around`; afterwards nothing but the target may have changed."""
    into = Path(tempfile.mkdtemp(prefix="target-", dir=around))
    before = {path: entry for path, entry in state(around).items() if not path.startswith(str(into))}
    yield into
    after = {path: entry for path, entry in state(around).items() if not path.startswith(str(into))}
    assert after == before
    for path in into.rglob("*"):
        mode = path.lstat().st_mode
        assert stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and stat.S_IMODE(mode) == 0o644), (path, oct(mode))
        assert path.lstat().st_nlink == 1 or stat.S_ISDIR(mode)


def sentence(text: str, into: Path) -> str:
    """What a student reads of a refusal: one line, printable, without our own folders."""
    # as ASCII: half a character in a failed assertion would itself be a problem for whoever reports it
    assert 10 < len(text) < 600
    assert "\n" not in text, ascii(text)
    harmless = clean_text(text, 1000) == text
    assert harmless, ascii(text)
    assert str(into) not in text, ascii(text)
    return text


def take_into(source: Path, into: Path) -> Intake:
    """Ingest; the intake must say exactly what is there."""
    intake = ingest(source, SPEC, REQUIRED, into)
    on_disk = sorted(path.relative_to(into).as_posix() for path in into.rglob("*") if not path.is_dir())
    assert on_disk == list(intake.files)
    assert intake.missing == tuple(name for name in REQUIRED if name not in intake.files)
    for name in intake.missing:
        assert any(name in note for note in intake.notes)
    return intake


def taken(data: bytes, source: Path, into: Path, name: str = "handin.bin") -> Intake:
    file = source / name
    file.write_bytes(data)
    return take_into(file, into)


def refusal(data: bytes | Path, source: Path, into: Path, name: str = "handin.bin") -> str:
    """The sentence with which a hand-in as a whole is refused; empty where it is taken."""
    if isinstance(data, bytes):
        (source / name).write_bytes(data)
        data = source / name
    try:
        take_into(data, into)
    except SubmissionError as error:
        text = str(error)
    else:
        return ""
    return sentence(text, into)


def refused(data: bytes | Path, source: Path, into: Path, name: str = "handin.bin") -> str:
    """The sentence with which a hand-in as a whole is refused, as it must be."""
    text = refusal(data, source, into, name)
    assert text, "it was taken"
    return text


def content(into: Path) -> Files:
    return {
        path.relative_to(into).as_posix(): path.read_bytes() for path in sorted(into.rglob("*")) if not path.is_dir()
    }


@contextmanager
def calls_below(limit: int) -> Iterator[None]:
    """Demand that no more than so many functions are called inside the block: work that doesn't hang on a clock."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")
        if count > limit:
            sys.setprofile(None)
            raise AssertionError(f"more than {limit} calls")

    sys.setprofile(counted)
    try:
        yield
    finally:
        sys.setprofile(None)
