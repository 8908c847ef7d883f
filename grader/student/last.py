"""The last run's results, kept in a small file of the handout, for progress and for `--failed`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from grader.report import Report, TestResult
from grader.summary import Since

NAME = ".last.json"
"""The file's name, in the handout's autograder folder."""


@dataclass(frozen=True)
class Last:
    """How each test ended the last time it ran."""

    when: float = 0.0
    """Seconds since 1970; 0 if there was no run."""
    scores: Mapping[str, Fraction] = field(default_factory=dict)
    """Points by test id."""
    passed: frozenset[str] = frozenset()

    @property
    def failed(self) -> list[str]:
        """The ids of tests that weren't passed."""
        return [test for test in self.scores if test not in self.passed]


def read_last(file: Path) -> Last:
    """Return the last run; an empty one if there was none, or if the file is damaged: it is only a convenience."""
    try:
        kept = json.loads(file.read_text("utf-8"))
        scores = {str(test): Fraction(score) for test, score in kept["scores"].items()}
        return Last(float(kept["when"]), scores, frozenset(map(str, kept["passed"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError):
        return Last()


def keep(file: Path, last: Last, report: Report) -> None:
    """Write a run; tests that didn't run this time keep their last result. In a folder of others, nothing is kept."""
    ran = {test.id: test.score for test in report.tests}
    passed = {test.id for test in report.tests if test.status == "passed"}
    kept = {
        "when": time.time(),
        "scores": {test: str(score) for test, score in {**last.scores, **ran}.items()},
        "passed": sorted(passed | (last.passed - ran.keys())),
    }
    with suppress(OSError):
        file.write_text(json.dumps(kept, indent=1), "utf-8")


def since(last: Last, report: Report) -> Since | None:
    """Return what changed in the tests that ran both times; None if none did."""
    both = [test for test in report.tests if test.id in last.scores]
    if not both:
        return None

    def turned(passed: bool) -> tuple[TestResult, ...]:
        now = (test for test in both if (test.status == "passed") == passed)
        return tuple(test for test in now if (test.id in last.passed) != passed)

    points = sum((test.score - last.scores[test.id] for test in both), Fraction(0))
    return Since(_clock(last.when), points, turned(True), turned(False))


def _clock(when: float) -> str:
    """A time today as 14:02, and an earlier one with its day."""
    then, now = time.localtime(when), time.localtime()
    return time.strftime("%H:%M" if then[:3] == now[:3] else "%Y-%m-%d %H:%M", then)
