"""A gradebook's results as one table: a row a judged hand-in, a column a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grader.gradebook import Entry, Gradebook, Student
from grader.report import Report, TestResult

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Marks:
    """The judged hand-ins of a class."""

    entries: tuple[Entry, ...]
    """One a row. A group is one row, because it handed in once."""
    tests: tuple[TestResult, ...]
    """One a column: a report's own result, read only for what all reports say alike, such as title and points."""
    share: Floats
    """Rows x columns: the earned share of a test's points, 0 to 1. nan where a test wasn't judged, by our fault. A test
    without points counts as 1 if it is passed, else 0."""
    points: Floats
    """The greatest points of each column."""

    @property
    def totals(self) -> Floats:
        """The points of each row; a test that wasn't judged adds nothing."""
        return np.asarray(np.nansum(self.share * self.points, axis=1), dtype=np.float64)


def is_judged(entry: Entry) -> bool:
    """Whether an entry has a score of its own; it has none if its report shows only a fault of ours."""
    return entry.standing == "graded" and entry.report is not None and entry.report.graded


def report_of(entry: Entry) -> Report:
    """Return the report of an entry that is known to have one."""
    assert entry.report is not None
    return entry.report


def share_of(test: TestResult) -> float:
    """Return the earned share of a test's points; see `Marks.share`."""
    if test.status == "internal":
        return float("nan")
    return float(test.score / test.max_score) if test.max_score else float(test.status == "passed")


def marks(gradebook: Gradebook) -> Marks:
    """Return the table of a gradebook; tests are in the order of the reports."""
    entries = tuple(entry for entry in gradebook.entries if is_judged(entry))
    tests: dict[str, TestResult] = {}
    for entry in entries:
        for test in report_of(entry).tests:
            tests.setdefault(test.id, test)
    column = {id: index for index, id in enumerate(tests)}
    share = np.full((len(entries), len(tests)), np.nan)
    for row, entry in enumerate(entries):
        for test in report_of(entry).tests:
            share[row, column[test.id]] = share_of(test)
    points = np.array([float(test.max_score) for test in tests.values()], dtype=np.float64)
    return Marks(entries, tuple(tests.values()), share, points)


def title_of(test: TestResult) -> str:
    """Return the words by which people know a test: its number, if it has one, and its title."""
    return f"{test.number} {test.title}".strip() or test.id


def names_of(students: Sequence[Student], key: str) -> str:
    """Return the students' names; the key of each one without a name, and `key` if there are no students."""
    return ", ".join(student.name or student.key for student in students) or key


def told_apart(book: Gradebook) -> Gradebook:
    """Return the gradebook with the key behind each name that several students have."""
    names = Counter(student.name for entry in book.entries for student in entry.students if student.name)

    def named(student: Student) -> Student:
        return replace(student, name=f"{student.name} ({student.key})") if names[student.name] > 1 else student

    entries = (replace(entry, students=tuple(map(named, entry.students))) for entry in book.entries)
    return replace(book, entries=tuple(entries)) if max(names.values(), default=0) > 1 else book


def name_of(entry: Entry) -> str:
    """Return the names of an entry's students."""
    return names_of(entry.students, entry.key)
