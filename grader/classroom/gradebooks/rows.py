"""A row for each student of a gradebook, and how cells are written.

A score is blank unless it is certain: whoever wasn't graded, or was graded with a fault of ours in it, has no 0.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from grader.export.common import strict_json
from grader.gradebook import Entry, Gradebook, Standing, Student
from grader.report import PartScore, Report, number
from grader.text import clean_text, harmless_cell

CELL_CHARS = 2000
PERSON = ("key", "name", "email", "id")
"""The titles of `person_cells`."""


@dataclass(frozen=True)
class Row:
    """One student's result."""

    student: Student
    entry: Entry
    standing: Standing
    report: Report | None
    """The points that count; None unless the standing is "graded"."""
    score: Fraction | None
    """After the deduction for late work; None if it isn't known."""
    problem: str
    """Why a person must look at it; empty if nobody must."""

    @property
    def late(self) -> bool | None:
        """Whether it was late; None if nobody says it."""
        if self.report is not None and self.report.kept < 1:
            return True
        hand_in = self.entry.hand_in
        if hand_in is None or hand_in.late is not None:
            return hand_in.late if hand_in is not None else None
        return hand_in.lateness > timedelta(0) if hand_in.lateness is not None else None

    @property
    def spent_days(self) -> int:
        """The free days that each of its students spent on this homework."""
        return self.entry.hand_in.spent_days if self.entry.hand_in is not None else 0


def rows(book: Gradebook, *, zero_absent: bool = False) -> Iterator[Row]:
    """Yield a row for each student, in the order of the entries; with `zero_absent`, no submission counts 0."""
    for entry in book.entries:
        report, problem = entry.report if entry.standing == "graded" else None, entry.problem
        if entry.hand_in is not None and entry.hand_in.problem not in problem:
            problem = "; ".join(filter(None, (problem, entry.hand_in.problem)))
        standing: Standing = entry.standing
        failures = sum(test.status == "internal" for test in report.tests) if report is not None else 0
        if failures or (standing == "graded" and report is None):
            report, standing = None, "not graded"
            fact = f"{failures} tests failed by the grader's own fault" if failures else "it has no report"
            problem = "; ".join(filter(None, (problem, f"{fact}; grade it again")))
        score = report.counted if report is not None and not (book.by_person and report.manual) else None
        if standing == "no submission" and zero_absent:
            score = Fraction(0)
        for student in entry.students:
            yield Row(student, entry, standing, report, score, problem)


def has_free_days(book: Gradebook) -> bool:
    """Whether anybody in the class has or had free days."""
    hand_ins = (entry.hand_in for entry in book.entries if entry.hand_in is not None)
    return any(hand_in.free_days is not None for hand_in in hand_ins)


def parts_of(book: Gradebook) -> tuple[PartScore, ...]:
    """The parts of the assignment, of which each report has all; none if nobody was graded."""
    return next((entry.report.parts for entry in book.graded if entry.report is not None), ())


def max_score_of(book: Gradebook) -> Fraction | None:
    """The score of a right submission; None if nobody was graded."""
    tops = []
    for entry in book.graded:
        assert entry.report is not None
        waiting = [part.manual for part in entry.report.parts if part.given is None and not part.extra]
        tops.append(entry.report.max_score + sum(waiting if book.by_person else (), Fraction(0)))
    return max(tops, default=None)


def heading(title: str, manual: Fraction) -> str:
    """Return the title of the column of a part that a person grades."""
    return f"{title} (by a person, of {number_cell(manual)})"


def number_cell(value: Fraction | None) -> str:
    """A score as a decimal number; blank if it isn't known."""
    return "" if value is None else strict_json(number(value))


def text_cell(text: str) -> str:
    """A text of a student or a platform, on one line, that no spreadsheet takes for a formula."""
    return harmless_cell(" ".join(clean_text(text, CELL_CHARS).split()))


def person_cells(who: Student) -> list[str]:
    """Return the cells that say who somebody is."""
    return [text_cell(field) for field in (who.key, who.name, who.email, who.id)]


def table(lines: Iterable[Sequence[str]]) -> str:
    """Return a CSV with commas."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue()
