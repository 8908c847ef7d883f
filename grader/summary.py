"""What a student reads first: points, what to fix first, what has the same cause, what isn't written yet.

A pure value over a report. A terminal, a notebook, a page and Gradescope show it, each in its own form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.report import PartScore, Report, TestResult, points_text

UNWRITTEN = re.compile(r"not implemented yet(?:: (?P<name>.+))?$")
"""The message about a function that the test itself calls."""
BLOCKED = re.compile(r"blocked: first write (?P<name>.+)$")
"""The message about a function that the student's own code calls."""
_FRAME = re.compile(r"  (?P<file>\S.*), line (?P<line>\d+), in (?P<name>[^:]+): ")
_CAUSE = re.compile(r"because (?P<name>.+) returned nothing")


@dataclass(frozen=True)
class Cause:
    """Tests that fail alike, so that one change probably mends them all."""

    tests: tuple[TestResult, ...]

    @property
    def first(self) -> TestResult:
        """The test to look at."""
        return self.tests[0]

    @property
    def place(self) -> str:
        """The student's function; empty if unknown."""
        return place_of(self.first)


@dataclass(frozen=True)
class Unwritten:
    """A function that the student still has to write."""

    name: str
    tests: tuple[TestResult, ...]


@dataclass(frozen=True)
class Since:
    """What changed since the last run."""

    when: str
    """The last run's time, as people write it."""
    points: Fraction
    """Points more than then; less than 0 if some were lost."""
    right: tuple[TestResult, ...]
    """Tests that passed now and not then."""
    wrong: tuple[TestResult, ...]
    """Tests that passed then and not now."""


@dataclass(frozen=True)
class Summary:
    """The report in the order in which a student needs it."""

    title: str
    score: Fraction
    """The points of the tests that are shown, without extra credit."""
    max_score: Fraction
    """What can be had of them without extra credit."""
    parts: tuple[tuple[PartScore, tuple[TestResult, ...]], ...]
    """Each part with its tests that have points."""
    causes: tuple[Cause, ...]
    """What to fix, the first one first."""
    unwritten: tuple[Unwritten, ...]
    blocked: tuple[TestResult, ...]
    """Tests that can't be judged until something else is written or mended."""
    remarks: tuple[TestResult, ...]
    """Tests without points that aren't passed; shown apart, because they cost nothing."""
    notes: tuple[str, ...]
    hidden: Fraction
    """Points of tests that aren't shown to students."""
    extra: Fraction = Fraction(0)
    """The points of extra credit in the tests that are shown."""

    @property
    def points(self) -> str:
        """The points beside what can be had: `15 of 17`; `earned_extra` has the others."""
        return f"{points_text(self.score)} of {points_text(self.max_score)}"

    @property
    def earned_extra(self) -> str:
        """` + 2 extra`, to be put behind `points`; empty without any."""
        return f" + {points_text(self.extra)} extra" if self.extra else ""

    @property
    def complete(self) -> bool:
        """Whether each test that is shown and has points is passed."""
        return not (self.causes or self.unwritten or self.blocked)


def summarize(report: Report) -> Summary:
    """Return the summary of a report's visible tests."""
    shown = [test for test in report.tests if test.visibility == "visible"]
    graded = [test for test in shown if test.max_score]
    wrong = [test for test in graded if test.status != "passed"]
    unwritten = [test for test in wrong if UNWRITTEN.match(_headline(test))]
    blocked = [test for test in wrong if is_blocked(test)]
    failing = [test for test in wrong if test not in unwritten and test not in blocked]
    if not failing and not unwritten:
        failing, blocked = blocked, []  # nothing else blocks them in what ran
    extra = {part.name for part in report.parts if part.extra}
    return Summary(
        title=report.title,
        score=sum((test.score for test in shown if test.part not in extra), Fraction(0)),
        max_score=sum((test.max_score for test in shown if test.part not in extra), Fraction(0)),
        parts=tuple(
            (_visible(part, tests), tests)
            for part in report.parts
            if (tests := tuple(test for test in graded if test.part == part.name))
        ),
        causes=_causes(failing),
        unwritten=_unwritten(unwritten),
        blocked=tuple(blocked),
        remarks=tuple(test for test in shown if not test.max_score and test.status != "passed"),
        notes=report.notes,
        hidden=sum((test.max_score for test in report.tests if test.visibility != "visible"), Fraction(0)),
        extra=sum((test.score for test in shown if test.part in extra), Fraction(0)),
    )


def is_blocked(test: TestResult) -> bool:
    """Whether a test waits for something that another part of the code has to do first."""
    if test.status == "passed":
        return False
    if BLOCKED.match(_headline(test)):
        return True
    wrong = [check for check in test.checks if not check.passed]
    return test.status in ("failed", "partial") and bool(wrong) and wrong[0].blocked


def place_of(test: TestResult) -> str:
    """Return the student's line or function that a test's message is about; empty if the report doesn't know it."""
    frames = list(_FRAME.finditer(test.message))
    if frames:
        last = frames[-1]
        return f"{last['file']}, line {last['line']}, in {last['name']}"
    return test.place


def label(test: TestResult) -> str:
    """Return how a test is called in a list: by its number, if it has one."""
    return test.number or test.title


def labels(tests: Sequence[TestResult]) -> str:
    """Return the labels of tests, each once; where one label is of several tests, with their number."""
    counted: dict[str, int] = {}
    for test in tests:
        counted[label(test)] = counted.get(label(test), 0) + 1
    return ", ".join(name if number == 1 else f"{name} ({number} tests)" for name, number in counted.items())


def extent(tests: Sequence[TestResult]) -> str:
    """Return tests in short: the first and the last, of more than two."""
    if len(tests) < 3 or not all(test.number for test in tests):
        return labels(tests)
    first, last = tests[0].number, tests[-1].number
    return f"{first} ({len(tests)} tests)" if first == last else f"{first} to {last}"


def _headline(test: TestResult) -> str:
    return test.message.partition("\n")[0]


def _visible(part: PartScore, tests: Sequence[TestResult]) -> PartScore:
    """A part's points without those of tests that aren't shown."""
    score = sum((test.score for test in tests), Fraction(0))
    return PartScore(part.name, part.title, score, sum((test.max_score for test in tests), Fraction(0)), part.extra)


def _causes(tests: Sequence[TestResult]) -> tuple[Cause, ...]:
    """Group tests by hint and place. Tests that have one hint have one cause, wherever they show it."""
    groups: dict[object, list[TestResult]] = {}
    for test in tests:
        groups.setdefault(_key(test), []).append(test)
    return tuple(Cause(tuple(group)) for group in groups.values())


def _key(test: TestResult) -> object:
    caused = _CAUSE.search(test.message)
    if caused:
        return caused["name"]
    if test.status == "missing":
        return _headline(test)
    if test.hint and test.variant:
        return test.variant
    if place_of(test):
        # one function's wrong values have one cause more often than one for each test
        return (test.status in ("failed", "partial"), place_of(test))
    return (test.hint or _headline(test), test.part)


def _unwritten(tests: Sequence[TestResult]) -> tuple[Unwritten, ...]:
    groups: dict[str, list[TestResult]] = {}
    for test in tests:
        found = UNWRITTEN.match(_headline(test))
        groups.setdefault((found["name"] if found else "") or label(test), []).append(test)
    return tuple(Unwritten(name, tuple(group)) for name, group in groups.items())
