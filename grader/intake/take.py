"""Takes a hand-in (a folder, an archive or a single file) into a clean folder of regular files.

Nothing of the hand-in is executed or parsed here, and nothing it names is followed: members are read as bytes, matched
against the assignment's file list, and written anew. Faults are told apart by type:

    SubmissionError   the bytes that the student handed in: damaged, encrypted, too large
    UsageError        the call: there is no such file, or it is a link or a device
    InternalError     the machine: rights, a full disk, too little memory, a file that changed while it was read
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.assignment import SubmissionSpec
from grader.errors import AssignmentError, InternalError, SubmissionError
from grader.intake.choose import Choice, wanted
from grader.intake.limits import MIB, Budget
from grader.intake.members import Member
from grader.intake.nested import search
from grader.intake.notes import Troubles, each, listed, shown
from grader.intake.sources import opened

MEMORY_MB = 400
"""What a judge needs to take any hand-in in."""


@dataclass(frozen=True)
class Intake:
    """What was taken."""

    files: tuple[str, ...]
    """Relative POSIX paths in the clean folder."""
    missing: tuple[str, ...]
    """Files of the reference that the submission doesn't have, and that aren't lent."""
    notes: tuple[str, ...]
    """Sentences for the student: what was found elsewhere, renamed, left out."""


def ingest(
    source: Path,
    spec: SubmissionSpec,
    required: Sequence[str],
    into: Path,
    lender: Path | None = None,
    *,
    ignored: Collection[str] = (),
    budget: Budget | None = None,
) -> Intake:
    """Copy the files that the assignment asks for from `source` into the empty folder `into`.

    Args:
        source: what the student handed in; no link.
        spec: the assignment's file list.
        required: the paths that a complete submission has.
        into: an existing folder; files are made in it with mode 0644.
        lender: the reference, from which the assignment may lend files that `source` hasn't got.
        ignored: names at the top of a folder that are no part of the hand-in, such as a platform's script.
        budget: a new one for each hand-in; the usual caps where there is none.

    Raises:
        SubmissionError: `source` as a whole can't be taken; the sentence is for the student.
        UsageError: `source` isn't there, or is no file and no folder.
        AssignmentError: a file that is to be lent can't be read.
        InternalError: the machine failed; this says nothing about the hand-in.
    """
    budget = budget or Budget()
    troubles = Troubles()
    with _memory(), _chosen(source, spec, required, budget, troubles, ignored) as choice:
        for name, data in _read(choice, budget):
            _write(into, name, data)
        taken = sorted(choice.files)
    missing = [name for name in required if name not in choice.files]
    lent = _lend(lender, [name for name in missing if wanted(PurePosixPath(name), spec.lent)], taken, into)
    notes = [*choice.notes, *troubles.sentences(), *_absences(choice.left_out, missing, lent)]
    return Intake(tuple(taken), tuple(name for name in missing if name not in lent), tuple(notes))


def _absences(left_out: Sequence[str], missing: Sequence[str], lent: Collection[str]) -> list[str]:
    """Sentences about files that are there and weren't taken, and about files that aren't there."""
    own = [f"The submission has no file {name}; the course's own is used instead." for name in missing if name in lent]
    absent = [name for name in missing if name not in lent]
    gone = [f"The submission has no file {name}; the tests that need it can't pass." for name in absent]
    unasked = [f"Left out, because the assignment doesn't ask for it: {listed(left_out)}."] if left_out else []
    return [*unasked, *each(own), *each(gone)]


def read_hand_in(source: Path, spec: SubmissionSpec, *, ignored: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
    """The files that `ingest` would write, with their paths, without writing them; raises the same errors."""
    budget = Budget()
    with _memory(), _chosen(source, spec, (), budget, Troubles(), ignored) as choice:
        yield from _read(choice, budget)


@contextmanager
def _memory() -> Iterator[None]:
    """The caps bound what a hand-in can ask for, so memory that isn't there is the machine's fault."""
    try:
        yield
    except MemoryError:
        raise InternalError(
            f"the grader ran out of memory while it took the hand-in in; give it {MEMORY_MB} MiB"
        ) from None


@contextmanager
def _chosen(
    source: Path,
    spec: SubmissionSpec,
    required: Sequence[str],
    budget: Budget,
    troubles: Troubles,
    ignored: Collection[str],
) -> Iterator[Choice]:
    """Which files are taken; they can be read inside the block."""
    with opened(source, budget, troubles, ignored) as members:
        choice = search(members, spec, required, budget, troubles)
        for name in sorted(_folders(choice.files) & set(choice.files)):
            raise SubmissionError(f"{shown(name)} is a file and a folder at once; make the archive again")
        yield choice


def _read(choice: Choice, budget: Budget) -> Iterator[tuple[str, bytes]]:
    caps, total = budget.caps, 0
    for name, member in choice.files.items():
        total += member.size
        if member.size > caps.file_bytes:
            raise SubmissionError(
                f"{shown(member.path)} has {_mib(member)} MiB and makes the hand-in too large: a file may have "
                f"{caps.file_bytes // MIB}; hand in the source files only"
            )
        if total > caps.total_bytes:
            raise SubmissionError(
                f"{shown(member.path)} makes the hand-in too large: all files together may have "
                f"{caps.total_bytes // MIB} MiB; hand in the source files only"
            )
        yield name, member.read()


def _mib(member: Member) -> str:
    return f"{member.size / MIB:.3g}" if member.size < 1000 * MIB else "more than 1000"


def _folders(names: Iterable[str]) -> set[str]:
    """The folders that files of these names are in."""
    return {str(parent) for name in names for parent in PurePosixPath(name).parents}


def _lend(lender: Path | None, names: Sequence[str], taken: Sequence[str], into: Path) -> set[str]:
    """Copy files of the reference; return which, without those whose place something of the hand-in has taken."""
    if lender is None:
        return set()
    lent = {name for name in names if not _folders([name]) & set(taken) and name not in _folders(taken)}
    for name in sorted(lent):
        try:
            data = (lender / name).read_bytes()
        except OSError as error:
            message = f"can't be lent ({error.strerror}); what assignment.toml lends must be there"
            raise AssignmentError(lender / name, None, message) from None
        _write(into, name, data)
    return lent


def _write(folder: Path, name: str, data: bytes) -> None:
    """Write one file; whatever goes wrong here is no fault of the hand-in."""
    target = folder.joinpath(*PurePosixPath(name).parts)
    try:
        for parent in reversed(target.parents):
            if parent.is_relative_to(folder) and parent != folder and not parent.is_dir():
                parent.mkdir()
                parent.chmod(0o755)  # whatever the umask is: the worker may be another user
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            file.write(data)
    except OSError as error:
        raise InternalError(
            f"{shown(name)} can't be written into {folder} ({error.strerror}); make room there, or set TMPDIR to a "
            "folder with room that may be written to"
        ) from None
