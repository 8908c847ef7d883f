"""Which hand-ins a person must look at, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.classroom.marks import title_of
from grader.gradebook import Entry, Gradebook
from grader.recording import KILLED
from grader.report import Report, Status, TestResult


@dataclass(frozen=True)
class Concern:
    """One entry, and why a person must look at it."""

    entry: Entry
    reasons: tuple[str, ...]
    """Sentences; at least one."""


def concerns(gradebook: Gradebook) -> tuple[Concern, ...]:
    """Return what needs a person: first what isn't graded, and last what is only a test's timeout or crash."""
    found = []
    for entry in gradebook.entries:
        about_all, about_tests = _about_all(entry), _about_tests(entry.report)
        if about_all or about_tests:
            rank = 0 if entry.standing == "not graded" else 1 if about_all else 2
            found.append((rank, Concern(entry, (*about_all, *about_tests))))
    return tuple(concern for _, concern in sorted(found, key=lambda item: item[0]))


def _about_all(entry: Entry) -> list[str]:
    """Sentences about an entry as a whole."""
    reasons = [entry.problem] if entry.problem else []
    if entry.standing == "not graded" and not reasons:
        reasons.append("It isn't graded.")
    if cause := one_cause(entry.report):
        reasons.append(cause)
    return reasons


def one_cause(report: Report | None) -> str:
    """Return a sentence about a hand-in that earned nothing for one reason; empty for any other."""
    if report is None or not _is_one_cause(report):
        return ""
    first = " ".join(report.tests[0].message.split())[:200]
    return f"All {len(report.tests)} tests end alike, without points; one cause, or a wrong folder: {first}"


def killed(report: Report | None) -> str:
    """Return a sentence about tests whose process was killed, which may be the machine's fault; empty for none."""
    tests = [test for test in (report.tests if report is not None else ()) if KILLED in test.message]
    if not tests:
        return ""
    return f"Test {_names(tests)}: {KILLED}; if the machine had too little of it, grade again with fewer --jobs"


def _about_tests(report: Report | None) -> list[str]:
    """Sentences about single tests."""
    reasons = []
    for status, sentence in _SENTENCES.items():
        tests = [test for test in (report.tests if report is not None else ()) if test.status == status]
        if tests:
            reasons.append(f"{sentence}: {_names(tests)}.")
    return reasons


_SENTENCES: dict[Status, str] = {
    "internal": "By a fault of ours, these tests weren't judged",
    "timeout": "These tests ran out of time",
    "crashed": "The process ended in these tests",
}


def _is_one_cause(report: Report) -> bool:
    """Whether nothing was earned and every test says the same, as after a failed import or with the wrong files."""
    alike = {(test.status, test.message) for test in report.tests}
    return (
        report.score == 0
        and len(report.tests) > 1
        and len(alike) == 1
        and report.tests[0].status in ("missing", "error", "refused", "failed")
    )


def _names(tests: Sequence[TestResult]) -> str:
    more = f" and {len(tests) - 3} more" if len(tests) > 3 else ""
    return ", ".join(test.number or title_of(test) for test in tests[:3]) + more
