"""Points that a person gives: a table in the run's folder, made with blank cells, filled in there, and read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from grader.assignment import Assignment, Part
from grader.classroom.gradebooks.rows import (
    PERSON,
    heading,
    parts_of,
    person_cells,
    table,
    text_cell,
)
from grader.classroom.roster import Roster
from grader.classroom.roster_table import columns_of, decoded, plain, row_of, table_of
from grader.errors import UsageError
from grader.gradebook import Entry, Gradebook, Student
from grader.intake.notes import listed, shown
from grader.judge.assemble import by_a_person
from grader.report import points_text

POINTS = "points.csv"


@dataclass(frozen=True)
class Points:
    """The points that are in the table."""

    roster: Roster
    """The students of its rows."""
    given: Mapping[int, Mapping[str, Fraction]]
    """By the number of a row's line: the points by the part's name; a blank cell isn't there."""

    def of(self, students: Sequence[Student]) -> tuple[dict[str, Fraction], str]:
        """Return what a hand-in of these students has, by the part's name, and a sentence about what can't be told."""
        found: dict[str, Fraction] = {}
        for student in students:
            match = self.roster.match(student)
            if match.problem and match.rows:  # nobody knows whose row it is; no row at all is blank, or a partner's
                return {}, match.problem
            for line in (line for row in match.rows for line in row.lines):
                for part, points in self.given.get(line, {}).items():
                    if found.setdefault(part, points) != points:
                        who = listed([student.key for student in students])
                        return {}, f"{POINTS} has two numbers of points in {part} for the hand-in of {who}; keep one"
        return found, ""


def read_points(file: Path, assignment: Assignment) -> Points | None:
    """Read the table; None if it isn't there, or no part has points by a person.

    Raises:
        UsageError: it is no table of students, it has no column of such a part, or a cell isn't a number of points that
            the part can have.
    """
    parts = [part for part in assignment.parts if part.manual]
    if not parts or not file.is_file():
        return None
    rows = table_of(decoded(file.read_bytes()), POINTS)
    header = rows[0][1] if rows else []
    columns = columns_of(header)
    where = {part.name: _column(header, part) for part in parts}
    if not columns or all(column is None for column in where.values()):
        raise UsageError(
            f"{file} has no column for {listed([part.title for part in parts])} beside one that identifies students "
            f"(its first row has {listed(header)}); remove the file, and the next call makes it anew"
        )
    given: dict[int, dict[str, Fraction]] = {}
    students = []
    for line, cells in rows[1:]:
        row = row_of(cells, columns, line)
        if row is None:
            continue
        students.append(row)
        for part in parts:
            column = where[part.name]
            text = cells[column].strip() if column is not None and column < len(cells) else ""
            if text:
                given.setdefault(line, {})[part.name] = _points(text, part, f"{file}, line {line}")
    return Points(Roster(POINTS, students), given)


def _column(header: Sequence[str], part: Part) -> int | None:
    """The part's column, by its name, its title, or the title in `gradebook.csv`."""
    known = (part.name, part.title, heading(part.title, part.manual))
    titles = {plain(text) for title in known for text in (title, text_cell(title))}
    return next((index for index, cell in enumerate(header) if plain(cell) in titles), None)


def _points(text: str, part: Part, where: str) -> Fraction:
    try:
        points = Fraction(text.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{where}: {shown(text)} isn't a number of points for {part.title}; correct it") from None
    if not 0 <= points <= part.manual:
        raise UsageError(
            f"{where}: {part.title} has 0 to {points_text(part.manual)} points, not {shown(text)}; correct it"
        )
    return points


def blank_points(book: Gradebook, assignment: Assignment) -> str:
    """Return the table for a person to fill in: a row for each student who handed in, blank in each such part."""
    parts = [part for part in assignment.parts if part.manual]
    students = [student for entry in book.graded for student in entry.students]
    lines = [[*person_cells(who), *[""] * len(parts)] for who in students]
    return table([[*PERSON, *(text_cell(heading(part.title, part.manual)) for part in parts)], *lines])


def with_points(book: Gradebook, points: Points) -> tuple[Gradebook, list[str]]:
    """Return the gradebook with a person's points in its reports, and sentences about hand-ins that lack some.

    As long as the table is blank, the gradebook stays as it is.
    """
    if not points.given:
        return book, []
    entries, lacking = [], []
    for entry in book.entries:
        changed = _with_points(entry, points)
        entries.append(changed)
        if changed.problem != entry.problem:
            lacking.append(entry.key)
    notes = [f"{listed(lacking)}: points by a person are missing, so the score is blank; see problems.csv"]
    return replace(book, entries=tuple(entries), by_person=True), notes if lacking else []


def _with_points(entry: Entry, points: Points) -> Entry:
    report = entry.report
    if report is None:
        return entry
    given, problem = points.of(entry.students)
    parts = tuple(replace(part, given=given.get(part.name)) for part in report.parts)
    if not problem and (blank := [part.title for part in parts if part.manual and part.given is None]):
        problem = f"{POINTS} has no points for {listed(blank)} yet"
    notes = [note for note in report.notes if note not in by_a_person(report.parts)]
    notes += by_a_person(part for part in parts if part.given is None)
    changed = replace(report, parts=parts, notes=tuple(notes))
    return replace(entry, report=changed, problem="; ".join(filter(None, (entry.problem, problem))))


def notes_of(book: Gradebook) -> Iterator[str]:
    """Yield a sentence if a person gives points, and no score has any of them yet."""
    waiting = [part for part in parts_of(book) if part.manual]
    if waiting and not book.by_person:
        points = points_text(sum((part.manual for part in waiting), Fraction(0)))
        titles = listed([part.title for part in waiting])
        yield f"no score has the {points} points that a person gives ({titles}); fill them in there and call this again"
