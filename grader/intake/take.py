"""Takes a hand-in (a folder, an archive or a single file) into a clean folder of regular files.

No code of the hand-in is executed or parsed here, and no link in it is followed. Members are read as bytes, matched
against the assignment's file list, and written to new files. The type of an error tells its cause:

    SubmissionError   the bytes that the student handed in: damaged, encrypted, too large
    UsageError        the call: there is no such file, or it is a link or a device
    InternalError     the machine: permissions, a full disk, too little memory, a file that changed during reading
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.assignment import SubmissionSpec
from grader.errors import AssignmentError, InternalError, SubmissionError
from grader.files import unix
from grader.intake.choose import NOTEBOOK, Choice, is_notebook, plain, wanted
from grader.intake.encodings import as_utf8
from grader.intake.limits import MIB, Budget
from grader.intake.members import Member
from grader.intake.nested import search
from grader.intake.notes import Troubles, each, listed, shown
from grader.intake.sources import opened

MEMORY_MB = 400
"""The memory that a judge needs for the intake of any hand-in."""


@dataclass(frozen=True)
class Intake:
    """The result of an intake."""

    files: tuple[str, ...]
    """Relative POSIX paths in the clean folder."""
    missing: tuple[str, ...]
    """Required files that the submission doesn't have and that aren't lent."""
    notes: tuple[str, ...]
    """Sentences for the student about files that were found elsewhere, renamed or left out."""
    notebooks: tuple[Taken, ...] = ()
    """The notebooks among the files, which are to be converted."""
    left_out: tuple[str, ...] = ()
    """Files that the assignment doesn't ask for."""


@dataclass(frozen=True)
class Taken:
    """A notebook that was taken."""

    file: str
    """Its path in the clean folder."""
    name: str
    """What its student calls it."""
    targets: tuple[str, ...]
    """The Python files that it stands for."""
    instead: bool = False
    """Whether these are there too, as empty as the template's."""


def ingest(
    source: Path,
    spec: SubmissionSpec,
    required: Sequence[str],
    into: Path,
    lender: Path | None = None,
    *,
    template: Path | None = None,
    ignored: Collection[str] = (),
    budget: Budget | None = None,
) -> Intake:
    """Copy the files that the assignment asks for from `source` into the empty folder `into`.

    Args:
        source: the hand-in; it must not be a link.
        spec: the assignment's file list.
        required: the paths that a complete submission has.
        into: an existing folder; files are made in it with mode 0644.
        lender: the reference, from which the assignment may lend files that `source` doesn't have.
        template: the folder of the students' template: a notebook counts beside a file that is still the template's.
        ignored: names at the top of a folder that don't belong to the hand-in, such as a platform's script.
        budget: a new one for each hand-in; None for the usual caps.

    Raises:
        SubmissionError: `source` as a whole can't be taken; the sentence is for the student.
        UsageError: `source` doesn't exist, or is neither a file nor a folder.
        AssignmentError: a file that is to be lent can't be read.
        InternalError: the machine failed; this says nothing about the hand-in.
    """
    budget = budget or Budget()
    troubles = Troubles()
    given = [name for name in required if lender is not None and wanted(PurePosixPath(name), spec.given)]
    displaced: list[str] = []
    with _memory(), _chosen(source, spec, required, budget, troubles, ignored) as choice:
        notebooks, unused = _notebooks(choice, template, given)
        notebooks += _for_modules(choice, spec.modules)
        files = {name: member for name, member in choice.files.items() if not _stands_in(name, member)}
        files |= {item.file: member for item, member in notebooks}
        recoded: list[str] = []
        replaced = _replaced(choice, spec, given)
        for name, data in _read(files, budget):
            if name.endswith(".py"):
                data, encoding = as_utf8(data)
                recoded += [f"{name} isn't UTF-8; it was read as {encoding}. Save it as UTF-8."] if encoding else []
            if name not in replaced:
                write_file(into, name, data)
            elif name not in given or unix(data) != unix(_own(lender, name, "given")):
                displaced.append(name)
        taken = sorted(set(files) - replaced)
    for name in given:
        write_file(into, name, _own(lender, name, "given"))
    missing = [name for name in required if name not in choice.files and name not in given]
    lent = _lend(lender, [name for name in missing if wanted(PurePosixPath(name), spec.lent)], taken, into)
    course = [f"The course's own files count, and the submission's are left out: {listed(displaced)}."]
    notes = [
        *choice.notes,
        *each(unused),
        *each(recoded),
        *troubles.sentences(),
        *_absences(choice.left_out, missing, lent),
    ]
    notes += course if displaced else []
    absent = tuple(name for name in missing if name not in lent)
    return Intake(tuple(taken), absent, tuple(notes), tuple(item for item, _ in notebooks), tuple(choice.left_out))


def _replaced(choice: Choice, spec: SubmissionSpec, given: Sequence[str]) -> set[str]:
    """The chosen files in whose place the course's own count: those of the same path, or imported by the same name."""
    if not given:
        return set()
    modules = {module for name in given for module in spec.module_names(PurePosixPath(name))}
    folders = _folders(given)
    return {
        name
        for name in choice.files
        if name in given
        or name in folders
        or wanted(PurePosixPath(name), spec.given)
        or not modules.isdisjoint(spec.module_names(PurePosixPath(name)))
        or not set(given).isdisjoint(_folders([name]))
    }


def _own(lender: Path | None, name: str, how: str) -> bytes:
    """The contents of a file of the reference."""
    assert lender is not None
    try:
        return (lender / name).read_bytes()
    except OSError as error:
        message = f"can't be {how} ({error.strerror}); what assignment.toml names as {how} must be there"
        raise AssignmentError(lender / name, None, message) from None


def _absences(left_out: Sequence[str], missing: Sequence[str], lent: Collection[str]) -> list[str]:
    """Sentences about files that weren't taken, and about missing files."""
    own = [f"The submission has no file {name}; the course's own is used instead." for name in missing if name in lent]
    # Python takes a folder without __init__.py for a package, too
    absent = [name for name in missing if name not in lent and PurePosixPath(name).name != "__init__.py"]
    gone = [f"The submission has no file {name}; the tests that need it can't pass." for name in absent]
    unasked = [f"Left out, because the assignment doesn't ask for it: {listed(left_out)}."] if left_out else []
    return [*unasked, *each(own), *each(gone)]


def read_hand_in(source: Path, spec: SubmissionSpec, *, ignored: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file that `ingest` would write; raises the same errors."""
    budget = Budget()
    with _memory(), _chosen(source, spec, (), budget, Troubles(), ignored) as choice:
        yield from _read(choice.files, budget)


@contextmanager
def _memory() -> Iterator[None]:
    """Turn MemoryError into InternalError: the caps limit a hand-in's use of memory, so the machine has too little."""
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
    """The files that are taken; they can be read inside the block."""
    with opened(source, budget, troubles, ignored) as members:
        choice = search(members, spec, required, budget)
        for name in sorted(_folders(choice.files) & set(choice.files)):
            raise SubmissionError(f"{shown(name)} is a file and a folder at once; make the archive again")
        yield choice


def _stands_in(name: str, member: Member) -> bool:
    """Whether a member is a notebook that was taken for a Python file."""
    return is_notebook(member.path) and not is_notebook(PurePosixPath(name))


def _notebooks(
    choice: Choice, template: Path | None, given: Collection[str]
) -> tuple[list[tuple[Taken, Member]], list[str]]:
    """The notebooks to convert, and sentences about those that don't count; none stands for a file that is given."""
    groups: dict[tuple[PurePosixPath, bool], list[str]] = {}
    unused = []
    for name, member in choice.files.items():
        if _stands_in(name, member) and name not in given:
            groups.setdefault((member.path, False), []).append(name)
    for name, member in choice.beside.items():
        if template is not None and _is_copy(choice.files[name], template / name):
            groups.setdefault((member.path, True), []).append(name)
        else:
            unused.append(
                f"{name} counts, and the notebook {shown(member.path)} beside it doesn't; hand in one of them."
            )
    members = {member.path: member for member in (*choice.files.values(), *choice.beside.values())}
    return [
        (
            Taken(str(PurePosixPath(names[0]).with_suffix(NOTEBOOK)), shown(path), tuple(names), instead),
            members[path],
        )
        for (path, instead), names in groups.items()
    ], unused


def _for_modules(choice: Choice, modules: Sequence[str]) -> list[tuple[Taken, Member]]:
    """The notebooks that stand for modules which a suite imports and the hand-in doesn't have."""
    if not modules:
        return []
    stems = {part for name in choice.files if name.endswith(".py") for part in name.removesuffix(".py").split("/")}
    missing = [module for module in modules if module not in stems]
    found = {name: member for name, member in choice.files.items() if is_notebook(member.path)}
    groups: dict[str, list[str]] = {}
    for module in missing:
        named = [name for name in found if plain(PurePosixPath(name)).stem == module.lower()]
        for name in named or (list(found) if len(found) == 1 else []):
            groups.setdefault(name, []).append(f"{module}.py")
            break
    return [(Taken(name, shown(name), tuple(targets)), found[name]) for name, targets in groups.items()]


def _is_copy(member: Member, file: Path) -> bool:
    """Whether a member has the words of a file of the template."""
    try:
        given = file.read_bytes()
    except OSError:
        return False
    return member.size < 2 * len(given) + 1000 and member.read().split() == given.split()


def _read(files: Mapping[str, Member], budget: Budget) -> Iterator[tuple[str, bytes]]:
    caps, total = budget.caps, 0
    for name, member in files.items():
        total += member.size
        notebook = is_notebook(member.path)
        limit = caps.notebook_bytes if notebook else caps.file_bytes
        step = "clear the notebook's outputs" if notebook else "hand in the source files only"
        if member.size > limit:
            raise SubmissionError(
                f"{shown(member.path)} has {_mib(member)} MiB and makes the hand-in too large: a file may have "
                f"{limit // MIB}; {step}"
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
    """All parent folders of these files."""
    return {str(parent) for name in names for parent in PurePosixPath(name).parents}


def _lend(lender: Path | None, names: Sequence[str], taken: Sequence[str], into: Path) -> set[str]:
    """Copy files of the reference, unless a file or folder of the hand-in is in the way; return the copied names."""
    if lender is None:
        return set()
    lent = {name for name in names if not _folders([name]) & set(taken) and name not in _folders(taken)}
    for name in sorted(lent):
        write_file(into, name, _own(lender, name, "lent"))
    return lent


def write_file(folder: Path, name: str, data: bytes) -> None:
    """Write one new file below a folder; raises InternalError on failure, because that isn't the hand-in's fault."""
    target = folder.joinpath(*PurePosixPath(name).parts)
    try:
        for parent in reversed(target.parents):
            if parent.is_relative_to(folder) and parent != folder and not parent.is_dir():
                parent.mkdir()
                parent.chmod(0o755)  # independent of the umask, because the worker may be another user
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            file.write(data)
    except OSError as error:
        raise InternalError(
            f"{shown(name)} can't be written into {folder} ({error.strerror}); make room there, or set TMPDIR to a "
            "folder with room that may be written to"
        ) from None
