"""Finds who handed in what: recognises a source's layout, reads it, and asks the roster whose each hand-in is.

    folder or archive -> tree -> reader of one layout -> versions -> hand-ins on the disk

Nothing of a hand-in is executed here. An entry that can't be read or told apart is a problem of its own; it stops no
other, and is never a 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from grader.classroom.lateness import Deadlines, FreeDays
from grader.classroom.roster import Roster, read_roster
from grader.classroom.roster_table import Row
from grader.classroom.roster_table import plain as plain_text
from grader.classroom.sources import (
    autolab,
    canvas,
    clones,
    gradescope,
    moodle,
    nbgrader,
    packed,
    pattern,
    place,
    plain,
    prairielearn,
)
from grader.classroom.sources.found import Found, Piece, Reading, Source, is_aside
from grader.classroom.sources.packed import ArchiveTree
from grader.classroom.sources.tree import ROOT, FolderTree, Tree, UnreadableError
from grader.classroom.sources.versions import Chosen, Owned, Pick, choose_versions
from grader.errors import SubmissionError, UsageError
from grader.gradebook import ClassList, Entry, HandIn, Student
from grader.intake.notes import shown

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        *(gradescope.SOURCE, prairielearn.SOURCE, moodle.SOURCE, canvas.SOURCE, autolab.SOURCE, nbgrader.SOURCE),
        *(clones.SOURCE, plain.SOURCE),
    )
}
"""All layouts, in the order in which they are tried; the last one has every folder."""


def find(
    source: Path,
    stage: Path,
    *,
    kind: str | None = None,
    pattern: str | None = None,
    pick: Pick = "latest",
    roster: Path | None = None,
    required: Sequence[str] = (),
    due: datetime | None = None,
    free: FreeDays | None = None,
) -> ClassList:
    """Return the hand-ins of a class, as paths on the disk that the intake takes.

    Args:
        source: a folder or an archive, as a platform's download or with one entry a student.
        stage: an existing empty folder; hand-ins are written there if the source doesn't have them as one path.
        kind: the layout, one of `SOURCES`; None recognises it.
        pattern: a regular expression with named groups for the paths, instead of a layout.
        pick: which of several versions counts.
        roster: a CSV with the students of the class.
        required: the paths that a complete submission has. They tell a student's folder from a folder of students. If
            there is one, a hand-in that is a single file of its type, named after the student, gets its name.
        due: when hand-ins are due, with a time zone; the roster may have other times for some students.
        free: the late days that cost nothing; the roster may have other numbers for some students.

    Raises:
        UsageError: the source, the roster or the arguments are wrong.
        InternalError: the machine can't read the source or write to `stage`.
    """
    known = read_roster(roster) if roster is not None else None
    deadlines = Deadlines(due, known, free)
    with _opened(source, stage) as tree:
        name, why, reading = _read(tree, kind, pattern, required)
        if not reading.found:
            extra = f" {reading.notes[0]}" if reading.notes else ""
            raise UsageError(
                f"{shown(source.name)} has no hand-in (read as: {name}; {why}).{extra} Is it the right folder?"
            )
        owners = _Owners(known)
        owned = [owners.of(found) for found in sorted(reading.found, key=lambda found: found.name)]
        chosen, undecided = choose_versions(owned, pick)
        problems = [Entry(one.student.key, (one.student,), "not graded", problem=one.sentence) for one in undecided]
        hand_ins = []
        for number, one in enumerate(sorted(chosen, key=_key)):
            made = _hand_in(tree, one, owners.problems.get(id(one.found), ()), stage / f"{number:05}", required)
            if isinstance(made, Entry):
                problems.append(made)
            else:
                rows = [owners.matched.get(student) for student in one.students]
                hand_ins.append(deadlines.timed(made, rows))
    absent, perhaps = owners.rest()
    return _unique(ClassList(name, why, tuple(hand_ins), tuple(absent), (*problems, *perhaps), reading.notes))


@contextmanager
def _opened(source: Path, stage: Path) -> Iterator[Tree]:
    if source.is_dir():
        yield FolderTree(source.resolve(), stage.resolve())
    elif source.is_file():
        with packed.opened(source, stage) as tree:
            yield tree
    else:
        raise UsageError(f"there is no folder or archive {shown(source.name or source)}; is that its name?")


def _read(tree: Tree, kind: str | None, expression: str | None, required: Sequence[str]) -> tuple[str, str, Reading]:
    """The layout's name, why it is this one, and what the source has."""
    if kind is not None and kind not in SOURCES:
        raise UsageError(f"there is no source {shown(kind)}; the known ones are {', '.join(SOURCES)}")
    roots = _roots(tree, required)
    # an archive is often made of one folder with everything in it; the call names the right folder otherwise
    usual = roots[-1] if tree.is_archive else ROOT
    if expression is not None:
        compiled = pattern.compiled(expression)
        readings = [pattern.read(tree, root, compiled) for root in roots]
        reading = next((reading for reading in readings if reading.found), readings[0])
        return pattern.NAME, "--pattern says how to read it", reading
    if kind is not None:
        root = next((root for root in roots if SOURCES[kind].recognise(tree, root)), usual)
        return kind, "--source says so", SOURCES[kind].read(tree, root if kind != plain.SOURCE.name else usual)
    for root in roots:
        for source in SOURCES.values():
            why = source.recognise(tree, root) if source is not plain.SOURCE else ""
            if why:
                return source.name, why + (f" (inside {shown(root)}/)" if root != ROOT else ""), source.read(tree, root)
    why = plain.recognise(tree, usual) + (f" (inside {shown(usual)}/)" if usual != ROOT else "")
    return plain.SOURCE.name, why, plain.read(tree, usual)


def _roots(tree: Tree, required: Sequence[str]) -> list[PurePosixPath]:
    """The source itself, and the folder inside of it if there is nothing else, unless that is a student's own."""
    roots = [ROOT]
    for _ in range(2):
        nodes = [node for node in tree.children(roots[-1]) if not is_aside(node)]
        if len(nodes) != 1 or not nodes[0].is_folder:
            break
        try:
            inside = tree.children(nodes[0].path)
            if not inside or _is_hand_in(tree, nodes[0].path, required):
                break
        except UnreadableError:  # an entry like any other, which is told when it is read
            break
        roots.append(nodes[0].path)
    return roots


def _is_hand_in(tree: Tree, folder: PurePosixPath, required: Sequence[str]) -> bool:
    """Whether a folder has a file of the assignment just where a student has it."""
    return any(_has(tree, folder, PurePosixPath(path).parts) for path in required)


def _has(tree: Tree, folder: PurePosixPath, parts: Sequence[str]) -> bool:
    node = next((node for node in tree.children(folder) if node.name == parts[0] and not node.trouble), None)
    if node is None or node.is_folder != (len(parts) > 1):
        return False
    return len(parts) == 1 or _has(tree, node.path, parts[1:])


@dataclass
class _Owners:
    """Asks the roster whose each hand-in is, and remembers who handed in."""

    roster: Roster | None
    problems: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Sentences about students who can't be told for certain, by the id of what was found."""
    seen: dict[int, Row] = field(default_factory=dict)
    matched: dict[Student, Row] = field(default_factory=dict)
    """The row of each student who has one for certain."""
    perhaps: dict[int, tuple[Row, str]] = field(default_factory=dict)
    """Rows that a hand-in may belong to, with the sentence that says so."""

    def of(self, found: Found) -> Owned:
        """The persons who handed it in."""
        students: dict[str, Student] = {}
        sentences = []
        for one in found.students:
            match = self.roster.match(one) if self.roster is not None else None
            if match is not None and match.problem:
                sentences.append(match.problem)
                self.perhaps.update({id(row): (row, match.problem) for row in match.rows})
            if match is not None and not match.problem:
                self.seen.update({id(row): row for row in match.rows})
                for row in match.rows:
                    who = row.student if match.is_group else _completed(one, row.student)
                    students.setdefault(f"row {row.lines[0]}", who)
                    self.matched[who] = row
            else:
                students.setdefault(f"key {one.key.casefold()}", one)
        self.problems[id(found)] = tuple(sentences)
        return Owned(found, students)

    def rest(self) -> tuple[list[Student], list[Entry]]:
        """The students without a hand-in, and an entry for each one who may have handed in something unclear."""
        rows = [row for row in self.roster.rows if id(row) not in self.seen] if self.roster is not None else []
        key = self._key_of_rows()
        students = {id(row): replace(row.student, key=key(row.student) or row.student.key) for row in rows}
        absent = [students[id(row)] for row in rows if id(row) not in self.perhaps]
        perhaps = [
            Entry(who.key, (who,), "not graded", problem=self.perhaps[row][1])
            for row, who in students.items()
            if row in self.perhaps
        ]
        return absent, perhaps

    def _key_of_rows(self) -> Callable[[Student], str]:
        """The field of a row by which the source calls its students: one key a student, whoever handed in when."""
        for field_of in _KEYS:
            pairs = [(who.key, field_of(row.student)) for who, row in self.matched.items() if field_of(row.student)]
            if pairs and all(plain_text(key) == plain_text(value) for key, value in pairs):
                return field_of
        return _KEYS[0]


_KEYS: Sequence[Callable[[Student], str]] = (
    lambda student: student.key,
    lambda student: student.email,
    lambda student: student.id,
)


def _completed(student: Student, row: Student) -> Student:
    """A student with what the roster adds; the number stays the platform's own."""
    return Student(
        student.key,
        row.name or student.name,
        student.email or row.email,
        student.id or row.id,
        student.canvas or row.canvas,
    )


def _key(one: Chosen) -> str:
    return "+".join(sorted(student.key for student in one.students))


def _hand_in(tree: Tree, one: Chosen, unsure: Sequence[str], target: Path, required: Sequence[str]) -> HandIn | Entry:
    """One hand-in on the disk; an entry with a problem if it can't be graded."""
    found, key = one.found, _key(one)
    if found.fault:
        return Entry(key, one.students, "not graded", problem=found.fault)
    if isinstance(tree, ArchiveTree):
        tree.begin()
    try:
        pieces, notes = _renamed(tree, found.pieces, required)
        path = place.place(tree, pieces, target)
    except (SubmissionError, UnreadableError) as error:
        sentence = f"{found.name} can't be read: {error}. A person must look at it"
        return Entry(key, one.students, "not graded", problem=sentence)
    left_out = [sentence for piece in pieces for sentence in tree.left_out(piece.path)]
    return HandIn(
        key,
        one.students,
        path,
        submitted=found.submitted,
        late=found.late,
        version=found.version,
        others=one.others,
        notes=(*found.notes, *one.notes, *notes, *left_out),
        problem="; ".join(filter(None, (found.problem, *unsure))),
    )


def _renamed(tree: Tree, pieces: tuple[Piece, ...], required: Sequence[str]) -> tuple[tuple[Piece, ...], list[str]]:
    """The pieces, with the name that the assignment asks for if the only one is a file with its student's name."""
    if len(required) != 1 or len(pieces) != 1 or pieces[0].name:
        return pieces, []
    path, wanted = pieces[0].path, PurePosixPath(required[0])
    if path.suffix.lower() != wanted.suffix.lower() or path.name == wanted.name:
        return pieces, []
    leaves = tree.leaves(path)
    if len(leaves) != 1 or leaves[0].origin != path:
        return pieces, []
    return (replace(pieces[0], name=wanted.name),), [f"{shown(path.name)} was taken as {wanted.name}."]


def _unique(found: ClassList) -> ClassList:
    """The same with keys that differ, whatever the source and the roster call their students."""
    taken: set[str] = set()

    def free(key: str) -> str:
        name, again = key, 1
        while name.casefold() in taken:
            again += 1
            name = f"{key} ({again})"
        taken.add(name.casefold())
        return name

    hand_ins = [replace(one, key=free(one.key)) for one in found.hand_ins]
    problems = [replace(one, key=free(one.key)) for one in found.problems]
    absent = [replace(one, key=free(one.key)) for one in found.absent]
    return replace(
        found,
        hand_ins=tuple(sorted(hand_ins, key=lambda one: one.key)),
        problems=tuple(sorted(problems, key=lambda one: one.key)),
        absent=tuple(sorted(absent, key=lambda one: one.key)),
    )
