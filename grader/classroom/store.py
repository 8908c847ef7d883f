"""The folder of a run: one file for each graded hand-in, so that nothing is graded twice and nothing is lost.

A file's name has the student's key and a digest of all that its score depends on: the hand-in and the run's state. A
second call grades what has no file yet. A changed hand-in, or changed fixtures, have another digest.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from grader.classroom.points import POINTS
from grader.classroom.stored import decode
from grader.errors import InternalError, UsageError
from grader.files import MACHINE, write_atomically
from grader.fixtures import digest
from grader.gradebook import Entry, Gradebook, Student
from grader.report import Report
from grader.sandbox.removal import remove

BOOK = "class.json"
_CHUNK = 2**20
_HAND_IN_BYTES = 2**18
"""The most that a report and its page take of the disk; usually they take a quarter of it."""


class Store:
    """A run's folder; the context manager holds its lock, so that two calls don't work on it at once."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        """Use `folder`, which is made if it is missing; only its owner can read it.

        Args:
            folder: the run's.
            shared: whether other calls with `shared` may use it meanwhile, each for other hand-ins.

        Raises UsageError if the folder can't be used, or if another call has it.
        """
        self.folder = folder
        self.reports = folder / "reports"
        self.stage = folder / ".stage" / f"{socket.gethostname()}-{os.getpid()}"
        self._shared = shared
        self._made = not folder.exists()
        try:
            # points by a person may be there first, such as those of an earlier run
            if folder.is_dir() and {file.name for file in folder.iterdir()} - {POINTS} and not self.reports.is_dir():
                raise UsageError(f"{folder} has other files; name an empty folder, or one of an earlier run")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            self.reports.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            fact = f"{folder} can't hold a run: {error.strerror}"
            if error.errno in MACHINE:
                raise InternalError(f"{fact}; make room there, then run this again") from None
            raise UsageError(f"{fact}; name another folder with -o") from None

    def __enter__(self) -> Store:
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, (fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._lock, 200).decode("utf-8", "replace").strip() or "another process"
            os.close(self._lock)
            raise UsageError(
                f"{self.folder} is in use by {owner}; wait for it, or name another folder with -o"
            ) from None
        except OSError:
            pass  # the file system has no locks
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{socket.gethostname()}, process {os.getpid()}\n".encode(), 0)
        self._sweep()
        self.stage.parent.mkdir(mode=0o700, exist_ok=True)
        self.stage.mkdir(mode=0o700, exist_ok=True)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        remove(self.stage)
        with suppress(OSError):  # a shard's stage may be there too
            self.stage.parent.rmdir()
        if kind is not None and self._made:
            with suppress(OSError):  # a failed run with reports in its folder can go on from them
                self.reports.rmdir()
                (self.folder / "lock").unlink()
                self.folder.rmdir()
        os.close(self._lock)

    def _sweep(self) -> None:
        """Remove the remains of killed calls; files only if no other shard may be writing them now."""
        for left in self.folder.glob("**/.grader-*") if not self._shared else ():
            left.unlink(missing_ok=True)
        for stage in self.stage.parent.glob("*") if self.stage.parent.is_dir() else ():
            host, _, pid = stage.name.rpartition("-")
            if not self._shared or (host == socket.gethostname() and not os.path.exists(f"/proc/{pid}")):
                remove(stage)

    def demand_space(self, hand_ins: int) -> None:
        """Raise InternalError if the disk has no room for the reports and pages of so many hand-ins."""
        space = os.statvfs(self.folder)
        free, needed = space.f_bavail * space.f_frsize, hand_ins * _HAND_IN_BYTES
        if free < needed:
            raise InternalError(
                f"{self.folder} has {free // 2**20} MiB of free space, and {hand_ins} hand-ins need up to "
                f"{-(-needed // 2**20)} MiB; make room there, or name another folder with -o"
            )

    def file(self, key: str, content: str) -> Path:
        """Return where the report of a hand-in is, or will be."""
        slug = re.sub(r"[^\w.@+-]+", "_", key)[:80].lstrip(".") or "_"
        named = digest(f"{key}\0{content}".encode("utf-8", "surrogateescape"))
        return self.reports / f"{slug}-{named[:20]}.json"

    def read(self, file: Path) -> Report | None:
        """Return the report in a file; None if there is none, or not a whole one."""
        try:
            return decode(file.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def write(self, file: Path, text: str) -> None:
        """Write a report so that it is there whole, or not at all, whatever happens.

        Raises InternalError if the disk is full.
        """
        write_atomically(file, text, mode=0o600)

    def write_book(self, book: Gradebook, files: Mapping[str, Path]) -> None:
        """Write which reports belong to the run, so that a later run can be compared with it."""
        entries = [
            {
                "key": entry.key,
                "students": [asdict(student) for student in entry.students],
                "standing": entry.standing,
                "problem": entry.problem,
                "report": files[entry.key].name if entry.report is not None else None,
                # a late penalty is the class's, so the report's own file doesn't have it
                "kept": str(entry.report.kept) if entry.report is not None else None,
                "spent_days": entry.hand_in.spent_days if entry.hand_in is not None else 0,
            }
            for entry in book.entries
        ]
        fields = {name: getattr(book, name) for name in ("assignment", "title", "complete", "isolation", "state")}
        write_atomically(self.folder / BOOK, json.dumps({**fields, "entries": entries}, indent=1) + "\n", mode=0o600)


def read_book(folder: Path) -> Gradebook:
    """Return the results of an earlier run; raises UsageError if the folder doesn't hold one."""
    try:
        fields: dict[str, Any] = json.loads((folder / BOOK).read_text("utf-8"))
        entries = tuple(_entry(folder, entry) for entry in fields.pop("entries"))
        return Gradebook(**fields, entries=entries)
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{folder} isn't the folder of an earlier run; name what -o named then") from None


def read_spent(folders: Iterable[Path]) -> dict[str, int]:
    """Return how many free late days were spent in earlier runs, by each student's key and address in lower case.

    Raises UsageError if a folder doesn't hold a run.
    """
    spent: dict[str, int] = {}
    for folder in folders:
        try:
            for entry in json.loads((folder / BOOK).read_text("utf-8"))["entries"]:
                names = {
                    str(who[field]).casefold() for who in entry["students"] for field in ("key", "email") if who[field]
                }
                for name in names:
                    spent[name] = spent.get(name, 0) + int(entry.get("spent_days", 0))
        except (OSError, ValueError, KeyError, TypeError):
            raise UsageError(f"{folder} isn't the folder of an earlier run; name what -o named then") from None
    return spent


def _entry(folder: Path, fields: dict[str, Any]) -> Entry:
    name = fields["report"]
    report = None
    if name is not None:
        report = replace(decode((folder / "reports" / name).read_text("utf-8")), kept=Fraction(fields["kept"]))
    return Entry(
        fields["key"],
        tuple(Student(**student) for student in fields["students"]),
        fields["standing"],
        report,
        fields["problem"],
    )


def content_digest(path: Path) -> str:
    """Return a digest of a hand-in as it is on the disk: of a file's bytes, or of a folder's paths and files.

    Raises InternalError if the machine can't read it.
    """
    whole = hashlib.sha256()
    try:
        for name, file in _files(path):
            whole.update(f"{name}\0".encode("utf-8", "surrogateescape"))
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    whole.update(chunk)
            whole.update(b"\0")
    except OSError as error:
        raise InternalError(f"{error.filename} can't be read: {error.strerror}") from None
    return whole.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """The regular files of a hand-in with their relative paths, in order; raises OSError for an unreadable folder."""

    def fail(error: OSError) -> NoReturn:
        raise error

    if not path.is_dir():
        if path.is_file():
            yield path.name, path
        return
    for folder, below, names in os.walk(path, onerror=fail):
        below[:] = sorted(name for name in below if name != ".git")
        for name in sorted(names):
            file = Path(folder, name)
            if not file.is_symlink() and file.is_file():
                yield file.relative_to(path).as_posix(), file
