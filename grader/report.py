"""The nouns that the judge returns: CheckResult, TestResult, Report. Exporters read only these."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
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
    """The reason for a failure; empty if passed. It holds expected values only for tests that students may see."""
    hint: str = ""
    """One sentence about the likely mistake; empty if none was recognised."""
    blocked: bool = False
    """Whether the value can't be judged because of what another function returned."""


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
    """The message for the student."""
    hint: str = ""
    """One sentence about the likely mistake, or empty."""
    variant: str | None = None
    """The name of the known mistake or the accepted alternative whose recording the values match."""
    fingerprint: str = ""
    """A digest of how the test went wrong, to find equal mistakes in a class; for instructors only. Empty if the test
    is passed or `variant` names the mistake."""
    checks: tuple[CheckResult, ...] = ()
    paid_in: tuple[str, ...] = ()
    """Parts in which the fault that made this test fail was paid for; then it counts as passed."""
    place: str = ""
    """The student's function that gave the wrong value, as `mytorch/linear.py, line 12, in Linear.forward`; known only
    where the tests run in the student's own process."""
    command: str = ""
    """The command with which a student runs this test; empty for tests that students don't have."""
    output: str = ""
    """The submission's output during the test."""
    tags: tuple[str, ...] = ()
    leaderboard: float | str | None = None
    """The test's value for the leaderboard, if any; the submission's own claim."""
    seconds: float = 0.0
    memory_mb: float = 0.0

    __test__ = False  # its name starts with Test, but it isn't a pytest class


@dataclass(frozen=True)
class LeaderboardRow:
    """A test's value for the leaderboard; the submission's own claim."""

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
    extra: bool = False
    """Whether it is extra credit, which doesn't count in the report's maximum."""
    manual: Fraction = Fraction(0)
    """Points that a person can give in addition; they are in neither score nor maximum."""
    given: Fraction | None = None
    """Of these, the points that a person gave; None as long as nobody did."""

    @property
    def heading(self) -> str:
        """The title, with the word that it is extra credit."""
        return f"{self.title} (extra credit)" if self.extra else self.title


@dataclass(frozen=True)
class Report:
    """The verdict on one submission; it always has every test of the assignment."""

    assignment: str
    title: str
    parts: tuple[PartScore, ...]
    tests: tuple[TestResult, ...]
    notes: tuple[str, ...] = ()
    """Sentences for the student about the hand-in as a whole."""
    staff_notes: tuple[str, ...] = ()
    """Sentences for instructors only."""
    leaderboard: tuple[LeaderboardRow, ...] = ()
    """The values that tests set."""
    columns: tuple[tuple[str, Literal["asc", "desc"]], ...] = ()
    """The leaderboard's columns, whether they have a value or not: name and order."""
    isolation: str = ""
    """The level of isolation that grading ran under; for instructors only."""
    seconds: float = 0.0
    kept: Fraction = Fraction(1)
    """The share of the score that counts; less than 1 for late work, if the grader makes the deduction."""
    submission: str = ""
    """The name of the hand-in's file or folder."""
    taken: bool = True
    """False if the hand-in couldn't be read, or has none of the files that are graded."""

    @property
    def graded(self) -> bool:
        """Whether any test was judged; if none was, because of our own fault, zeros in the report aren't a grade."""
        return any(test.status != "internal" for test in self.tests)

    @property
    def score(self) -> Fraction:
        """The sum of the tests' scores, before any deduction, and what a person gave.

        A suite's negative scores take the tests' sum down to 0 at most.
        """
        by_person = sum((part.given or Fraction(0) for part in self.parts), Fraction(0))
        return max(sum((test.score for test in self.tests), Fraction(0)), Fraction(0)) + by_person

    @property
    def counted(self) -> Fraction:
        """The score after the deduction for late work."""
        return self.score * self.kept

    def _repr_html_(self) -> str:
        """Return what a notebook shows for this report."""
        from grader.markup import fragment  # late: it formats reports, and so imports this module

        return fragment(self)

    @property
    def manual(self) -> Fraction:
        """The points that a person gives in addition, and hasn't given yet."""
        return sum((part.manual for part in self.parts if part.given is None), Fraction(0))

    @property
    def max_score(self) -> Fraction:
        """The score of a right submission, without extra credit."""
        extra = {part.name for part in self.parts if part.extra}
        by_person = sum((part.manual for part in self.parts if part.given is not None and not part.extra), Fraction(0))
        return sum((test.max_score for test in self.tests if test.part not in extra), Fraction(0)) + by_person


def part_scores(
    parts: Sequence[tuple[str, str]],
    tests: Sequence[TestResult],
    extra: Collection[str] = (),
    manual: Mapping[str, Fraction] = MappingProxyType({}),
) -> tuple[PartScore, ...]:
    """Sum the tests of each (name, title) in `parts`, in that order.

    `extra` has the names of extra credit, and `manual` the points of a person, by the part's name.
    """
    return tuple(
        PartScore(
            name,
            title,
            sum((test.score for test in tests if test.part == name), Fraction(0)),
            sum((test.max_score for test in tests if test.part == name), Fraction(0)),
            name in extra,
            manual.get(name, Fraction(0)),
        )
        for name, title in parts
    )


def number(value: Fraction) -> float | int:
    """Return an exact score as a number for JSON; a whole number has no decimal point."""
    return int(value) if value.denominator == 1 else float(value)


def points_text(value: Fraction) -> str:
    """Return an exact score as people write it: `2.5`, or `0.33`."""
    return f"{number(value):g}" if value.denominator in (1, 2, 4, 5, 10, 20) else f"{float(value):.2f}"
