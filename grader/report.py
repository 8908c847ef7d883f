"""The nouns that leave the judge: CheckResult, TestResult, Report. Exporters read these and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

Status = Literal["passed", "partial", "failed", "missing", "error", "timeout", "crashed", "refused", "internal"]
Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]

STATUSES: tuple[Status, ...] = get_args(Status)
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)


@dataclass(frozen=True)
class CheckResult:
    """The verdict on one named value."""

    name: str
    passed: bool
    message: str = ""
    """Why not; empty when passed. Holds expected values only for tests that students may see."""
    hint: str = ""
    """What the mistake looks like, in one sentence; empty when nothing fits."""


@dataclass(frozen=True)
class TestResult:
    """The verdict on one test."""

    id: str
    """pytest's node id: `test_adam.py::test_first_step[0.9]`."""
    part: str
    title: str
    number: str
    status: Status
    score: Fraction
    max_score: Fraction
    visibility: Visibility
    message: str = ""
    """What a student may read about it."""
    hint: str = ""
    """One sentence about the likely mistake, or empty."""
    variant: str | None = None
    """The name of the known mistake or the accepted alternative whose recording the values match."""
    checks: tuple[CheckResult, ...] = ()
    command: str = ""
    """How a student runs this test alone; empty for tests that students don't have."""
    output: str = ""
    """What the submission printed during the test."""
    tags: tuple[str, ...] = ()
    leaderboard: float | str | None = None
    """What the test put on the leaderboard, if it did; the submission's own claim."""
    seconds: float = 0.0
    memory_mb: float = 0.0

    __test__ = False  # its name starts with Test, but it isn't a pytest class


@dataclass(frozen=True)
class LeaderboardRow:
    """A value a test put on the leaderboard; the submission's own claim."""

    name: str
    value: float | str
    order: Literal["asc", "desc"] = "desc"


@dataclass(frozen=True)
class PartScore:
    """The sum over a part's tests."""

    name: str
    title: str
    score: Fraction
    max_score: Fraction


@dataclass(frozen=True)
class Report:
    """The verdict on one submission: every test of the assignment is in it, from the start."""

    assignment: str
    title: str
    parts: tuple[PartScore, ...]
    tests: tuple[TestResult, ...]
    notes: tuple[str, ...] = ()
    """Sentences for the student about the hand-in as a whole."""
    staff_notes: tuple[str, ...] = ()
    """Sentences for instructors only."""
    leaderboard: tuple[LeaderboardRow, ...] = ()
    isolation: str = ""
    """The level of isolation that grading ran under; for instructors only."""
    seconds: float = 0.0
    kept: Fraction = Fraction(1)
    """Which part of the score counts: less than 1 for late work, where the grader has to see to that."""

    @property
    def graded(self) -> bool:
        """Whether any test was judged; where none was, by a fault of ours, zeros in the report aren't a grade."""
        return any(test.status != "internal" for test in self.tests)

    @property
    def score(self) -> Fraction:
        """The sum of the tests' scores, before anything is taken off."""
        return sum((test.score for test in self.tests), Fraction(0))

    @property
    def counted(self) -> Fraction:
        """What is left of the score when late work is taken off."""
        return self.score * self.kept

    @property
    def max_score(self) -> Fraction:
        """What a right submission gets."""
        return sum((test.max_score for test in self.tests), Fraction(0))


def part_scores(parts: Sequence[tuple[str, str]], tests: Sequence[TestResult]) -> tuple[PartScore, ...]:
    """Sum the tests of each (name, title) in `parts`, in that order."""
    return tuple(
        PartScore(
            name,
            title,
            sum((test.score for test in tests if test.part == name), Fraction(0)),
            sum((test.max_score for test in tests if test.part == name), Fraction(0)),
        )
        for name, title in parts
    )


def number(value: Fraction) -> float | int:
    """Return an exact score as JSON writes it best: whole numbers without a point."""
    return int(value) if value.denominator == 1 else float(value)
