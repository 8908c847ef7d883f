"""Chooses a file of a hand-in for each path of the assignment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grader.assignment import SubmissionSpec
from grader.intake.members import Member, composed, unappended
from grader.intake.notes import each, listed, shown
from grader.patterns import matches

_COPY = re.compile(r"^copy of |( - copy|[ _-]copy( \d{1,2})?| ?\((\d{1,2}|copy)\)){1,9}$")
"""Prefixes and suffixes that browsers and desktops add to the name of a copied file."""
_HERE = PurePosixPath(".")
NOTEBOOK = ".ipynb"
_NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Choice:
    """The files that are taken."""

    files: Mapping[str, Member]
    """By relative POSIX paths of the assignment. A notebook may stand for a Python file, or for several."""
    left_out: tuple[str, ...] = ()
    """Files that the assignment doesn't ask for."""
    notes: tuple[str, ...] = ()
    """Sentences for the student about files that were found elsewhere or more than once."""
    beside: Mapping[str, Member] = field(default_factory=dict)
    """For files that are there, the notebook that could stand for them too."""


def choose(members: Sequence[Member], spec: SubmissionSpec, required: Sequence[str]) -> Choice:
    """Choose among the files of one archive or folder.

    An exact path has priority. A path that differs by case, folder or a copy's suffix is taken only if it is the only
    candidate. Of two members with the same path, the last one is taken, as unpackers do; but a member whose name led
    out of the archive replaces no other.
    """
    found = {member.path: member for member in sorted(members, key=lambda member: not member.led_out)}
    spellings = {composed(name): name for name in required}
    base = _base(found, spec, spellings)
    notes = []
    if base != _HERE:
        notes.append(f"The files were found inside the folder {shown(base)}/, and taken from there.")
    chosen: dict[str, Member] = {}
    for path, member in found.items():
        if base == _HERE or path.is_relative_to(base):
            relative = path.relative_to(base)
            if wanted(relative, spec.asked):
                chosen[str(relative)] = member
    elsewhere = _look_elsewhere(found, chosen, tuple(spellings))
    elsewhere += _look_beside(found, chosen, spec, tuple(spellings), elsewhere)
    notes += each([f"{name} was found as {shown(place)}, and taken from there." for name, place in elsewhere])
    stand_ins, beside, said = _notebooks(found, chosen, spec, tuple(spellings))
    chosen |= stand_ins
    notes += each(said)
    taken = {member.path for member in chosen.values()}
    counts = Counter(member.path for member in members if member.led_out == found[member.path].led_out)
    twice = sorted(str(path) for path, count in counts.items() if count > 1 and path in taken)
    if twice:
        notes.append(f"These are there more than once, and the last one was taken: {listed(twice)}.")
    return Choice(
        files={spellings.get(name, name): chosen[name] for name in sorted(chosen)},
        left_out=tuple(sorted(str(path) for path in set(found) - taken)),
        notes=tuple(notes),
        beside={spellings.get(name, name): member for name, member in sorted(beside.items())},
    )


def is_notebook(path: PurePosixPath) -> bool:
    """Whether a file is a notebook, by its name."""
    return _NOTEBOOK.search(path.name) is not None


def _notebooks(
    found: Mapping[PurePosixPath, Member], chosen: Mapping[str, Member], spec: SubmissionSpec, required: Sequence[str]
) -> tuple[dict[str, Member], dict[str, Member], list[str]]:
    """The notebooks that stand for missing Python files, those beside files that are there, and sentences."""
    taken = {member.path for member in chosen.values()}
    free = [path for path in found if is_notebook(path) and path not in taken]
    scripts = [name for name in required if name.endswith(".py")]
    if not free or not scripts:
        return {}, {}, []
    lower = _by_name(free, lambda path: PurePosixPath(str(path).lower()))
    copies = _by_name(free, plain)

    def place_of(name: str) -> PurePosixPath | None:
        return _stand_in(PurePosixPath(name.lower()).with_suffix(NOTEBOOK), lower, copies, set())

    common = place_of(spec.notebook) if spec.notebook else None
    if common is None and len(free) == 1 and (spec.notebook or len(scripts) == 1):
        common = free[0]
    places = {name: place_of(name) or common for name in scripts}
    stand_ins = {name: found[place] for name, place in places.items() if place is not None and name not in chosen}
    beside = {name: found[place] for name, place in places.items() if place is not None and name in chosen}
    missing = [name for name in scripts if name not in {**chosen, **stand_ins} and not name.endswith("__init__.py")]
    said = []
    for place in dict.fromkeys(member.path for member in stand_ins.values()):
        names = [name for name, member in stand_ins.items() if member.path == place]
        said.append(f"{listed(names)} {'was' if len(names) == 1 else 'were'} taken from the notebook {shown(place)}.")
    if missing and not stand_ins:
        name = spec.notebook or PurePosixPath(missing[0]).with_suffix(NOTEBOOK).name
        if spec.notebook or len(missing) == 1:
            said.append(f"No notebook is called {name}, so none was taken: give yours that name, and hand it in again.")
        else:
            said.append(
                f"None of the notebooks has the name of a file that is asked for, as {name} would for {missing[0]}, so "
                "none was taken: a notebook stands for one file here."
            )
    return stand_ins, beside, said


def wanted(path: PurePosixPath, patterns: Iterable[str]) -> bool:
    """Whether a path matches a pattern; an accented letter is the same as one character or as two."""
    return matches(path, map(composed, patterns))


def plain(path: PurePosixPath) -> PurePosixPath:
    """A path in lower case, without the marks of a copy in its name, and without what a mailer or browser appends."""
    whole = unappended(path)
    name = _COPY.sub("", whole.stem.lower()) + whole.suffix.lower()
    return PurePosixPath(str(path.parent).lower(), name or path.name.lower())


def _base(found: Iterable[PurePosixPath], spec: SubmissionSpec, required: Iterable[str]) -> PurePosixPath:
    """The folder that has most of the required files; of several, one that is named, then the shallowest."""
    names = set(required)
    depths = {len(PurePosixPath(pattern).parts) for pattern in spec.asked if "**" not in pattern}
    if any("**" in pattern for pattern in spec.asked):
        depths |= {len(PurePosixPath(name).parts) for name in names}
    votes: dict[PurePosixPath, int] = {}
    for path in found:
        for depth in depths:
            if depth <= len(path.parts):
                tail = path.parts[-depth:]
                if wanted(PurePosixPath(*tail), spec.asked):
                    folder = path.parents[depth - 1]
                    votes[folder] = votes.get(folder, 0) + ("/".join(tail) in names)

    def order(folder: PurePosixPath) -> tuple[int, bool, int, str]:
        return -votes[folder], not spec.is_named(folder), len(folder.parts), str(folder)

    return min(votes, key=order, default=_HERE)


def _look_elsewhere(
    found: Mapping[PurePosixPath, Member], chosen: dict[str, Member], required: Sequence[str]
) -> list[tuple[str, str]]:
    """Add to `chosen` the only candidate for each missing required file; return the names and the places."""
    moved: list[tuple[str, str]] = []
    missing = [name for name in required if name not in chosen]
    if not missing:
        return moved
    names = set(required)
    taken = {member.path for name, member in chosen.items() if name in names}
    # also what a pattern such as dl/**/*.py takes for a file of the student's own
    free = [path for path in found if path not in taken]
    extra = {member.path: name for name, member in chosen.items() if name not in names}
    # indexes, so that each name is processed once: a hostile hand-in may have ten thousand
    ends = {PurePosixPath(name).name.lower() for name in missing}
    alike = (path for path in free if path.name.lower() in ends)
    lower = _by_name(alike, lambda path: PurePosixPath(str(path).lower()))
    copies = _by_name(free, plain)
    respelt: dict[str, list[str]] = {}
    for key in chosen:
        if key not in names:
            respelt.setdefault(str(plain(PurePosixPath(key))), []).append(key)
    for name in missing:
        place = _stand_in(PurePosixPath(name.lower()), lower, copies, taken)
        if place is not None:
            chosen.pop(extra.get(place, ""), None)
            chosen[name] = found[place]
            taken.add(place)
            moved.append((name, str(place)))
            continue
        # a chosen file whose name differs only in spelling gets the name that tests look for
        other = respelt.get(name.lower(), [])
        if len(other) == 1:
            key = other.pop()
            chosen[name] = chosen.pop(key)
            moved.append((name, key))
    return moved


def _look_beside(
    found: Mapping[PurePosixPath, Member],
    chosen: dict[str, Member],
    spec: SubmissionSpec,
    required: Sequence[str],
    moved: Sequence[tuple[str, str]],
) -> list[tuple[str, str]]:
    """Add to `chosen` what a folder has beside required files, if the folder has another name or none in the hand-in.

    Modules import their neighbours, and a student who hands in a folder's contents hands in all of them.
    Returns names and places.
    """
    places: dict[PurePosixPath, set[PurePosixPath]] = {}
    for name, place in moved:
        places.setdefault(PurePosixPath(name).parent, set()).add(PurePosixPath(place).parent)
    in_place = {PurePosixPath(name).parent for name in set(chosen) - {name for name, _ in moved}}
    taken = {member.path for member in chosen.values()}
    beside = []
    for folder, sources in places.items():
        if folder in in_place or len(sources) != 1:
            continue
        for path in found:
            target = folder / path.name
            free = path not in taken and str(target) not in required
            if path.parent in sources and free and wanted(target, spec.asked):
                chosen[str(target)] = found[path]
                beside.append((str(target), str(path)))
    return sorted(beside)


_ByName = Mapping[str, Sequence[tuple[PurePosixPath, PurePosixPath]]]
"""Last part of a path to pairs of the normalised path and the original path."""


def _by_name(paths: Iterable[PurePosixPath], form: Callable[[PurePosixPath], PurePosixPath]) -> _ByName:
    result: dict[str, list[tuple[PurePosixPath, PurePosixPath]]] = {}
    for path in paths:
        formed = form(path)
        result.setdefault(formed.name, []).append((formed, path))
    return result


def _stand_in(name: PurePosixPath, lower: _ByName, copies: _ByName, taken: set[PurePosixPath]) -> PurePosixPath | None:
    """The only file in another folder, in other case or named as a copy, that fits `name`, which is in lower case."""
    deep = len(name.parts)
    same_name = [pair for pair in lower.get(name.name, ()) if pair[1] not in taken]
    same_tail = [pair for pair in same_name if pair[0].parts[-deep:] == name.parts]
    of_copies = [] if same_name else [pair for pair in copies.get(name.name, ()) if pair[1] not in taken]
    copies_there = [pair for pair in of_copies if pair[0].parts[-deep:] == name.parts]
    renamed = [pair for pair in of_copies if unappended(pair[1]) != pair[1]]
    for group in (same_tail, same_name, copies_there, renamed):
        if len(group) == 1:
            return group[0][1]
    return None
