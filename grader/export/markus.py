"""MarkUs' custom tester: a line with one JSON object for each test, and no other line on standard output.

MarkUs treats every object on standard output as a result. So no output of a hand-in may be between these lines; the
output of a test is inside its own line. MarkUs demands more than 0 marks, so tests without points are omitted. Students
see every row, so all tests that aren't visible share one row without text.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from grader.export.common import explanation, headings, strict_json
from grader.export.fit import fit
from grader.report import Report, Status, TestResult, number
from grader.text import cut

OUTPUT_CHARS = 20_000
HIDDEN = "Hidden tests"
_STATUS: dict[Status, str] = {
    "passed": "pass",
    "partial": "partial",
    "error": "error",
    "timeout": "error",
    "crashed": "error",
    "internal": "error",
}
"""Every other status is fail."""


def to_markus(report: Report) -> str:
    """Return the lines, or only the notes if nothing was graded."""
    return fit(report, _lines)


def _lines(report: Report) -> str:
    visible = [test for test in report.tests if test.visibility == "visible" and test.max_score > 0]
    rows = [_row(test, name) for test, name in zip(visible, headings(visible, [HIDDEN]), strict=True)]
    hidden = [test for test in report.tests if test.visibility != "visible" and test.max_score > 0]
    if hidden:
        rows.append(_hidden(hidden))
    if not report.graded:
        rows = []
    # a run without a line is a failed one for MarkUs
    notes = report.notes or (() if rows else ("No test here has points.",))
    if notes:
        rows.append({"overall_comment": cut("\n".join(notes), OUTPUT_CHARS)})
    return "".join(strict_json(row) + "\n" for row in rows)


def _row(test: TestResult, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "output": cut(explanation(test), OUTPUT_CHARS),
        "marks_earned": number(max(test.score, Fraction(0))),  # MarkUs takes no negative marks
        "marks_total": number(test.max_score),
        "status": _STATUS.get(test.status, "fail"),
        "time": round(test.seconds * 1000),
    }


def _hidden(tests: Sequence[TestResult]) -> dict[str, Any]:
    earned = max(sum((test.score for test in tests), Fraction(0)), Fraction(0))
    total = sum((test.max_score for test in tests), Fraction(0))
    return {
        "name": HIDDEN,
        "output": "",
        "marks_earned": number(earned),
        "marks_total": number(total),
        "status": "pass" if earned == total else "partial" if earned else "fail",
        "time": round(sum(test.seconds for test in tests) * 1000),
    }
