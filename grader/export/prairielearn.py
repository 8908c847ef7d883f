"""PrairieLearn's results.json, for /grade/results: a share of the points, then one row for each test.

PrairieLearn has no visibility: students see every row. So all tests that aren't visible share one row without text; it
keeps the sum of the rows equal to the score. The file may have one mebibyte; a larger file fails the whole job.

A share is at most 1 there. So it is the share of all points with extra credit, which is what the question is worth; the
assessment's maxPoints and maxBonusPoints say which of them are a bonus.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from grader.export.common import explanation, headings, strict_json
from grader.export.fit import fit
from grader.report import Report, TestResult, number
from grader.text import cut

OUTPUT_CHARS = 20_000
HIDDEN = "Hidden tests"


def to_prairielearn(report: Report) -> str:
    """Return results.json as text; if nothing was graded, it costs the student no attempt."""
    return fit(report, lambda report: strict_json(_value(report), indent=1) + "\n")


def _value(report: Report) -> dict[str, Any]:
    notes = cut("\n".join(report.notes), OUTPUT_CHARS)
    if not report.graded or not report.taken:
        return {"gradable": False, "format_errors": [notes or "Not graded."]}
    worth = sum((test.max_score for test in report.tests), Fraction(0))
    share = report.counted / worth if worth else Fraction(1)
    value: dict[str, Any] = {"gradable": True, "score": float(min(max(share, Fraction(0)), Fraction(1)))}
    if notes:
        value["message"] = notes
    visible = [test for test in report.tests if test.visibility == "visible"]
    rows = [_row(test, name) for test, name in zip(visible, headings(visible, [HIDDEN]), strict=True)]
    hidden = [test for test in report.tests if test.visibility != "visible"]
    value["tests"] = [*rows, *([_hidden(hidden)] if hidden else [])]
    return value


def _row(test: TestResult, name: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "points": number(test.score),
        "max_points": number(test.max_score),
    }
    if test.status != "passed":
        row["message"] = cut(" ".join(f"{test.status}: {test.hint or test.message}".split()), 300)
    text = explanation(test)
    if text:
        row["output"] = cut(text, OUTPUT_CHARS)
    return row


def _hidden(tests: Sequence[TestResult]) -> dict[str, Any]:
    return {
        "name": HIDDEN,
        "points": number(sum((test.score for test in tests), Fraction(0))),
        "max_points": number(sum((test.max_score for test in tests), Fraction(0))),
    }
