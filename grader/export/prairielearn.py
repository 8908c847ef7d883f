"""PrairieLearn's results.json, for /grade/results: a share of the points, then one row a test.

There is no visibility there: students see every row. So what isn't visible stands in one row without words, which
keeps the points in the list equal to the score. The file may hold a mebibyte, and a larger one fails the whole job.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from grader.export.common import explanation, heading, strict_json
from grader.report import Report, TestResult, number
from grader.text import cut

FILE_BYTES = 2**20
OUTPUT_CHARS = 20_000
_LEAST_CHARS = 200
HIDDEN = "Hidden tests"


def to_prairielearn(report: Report) -> str:
    """Return results.json as text; where it would be longer than a mebibyte, outputs are cut further.

    They aren't cut below some 150 characters: with well over a thousand tests the text may still be longer.
    """
    limit = OUTPUT_CHARS
    while True:
        text = strict_json(_value(report, limit), indent=1) + "\n"
        if len(text) <= FILE_BYTES or limit < _LEAST_CHARS:
            return text
        limit //= 2


def _value(report: Report, limit: int) -> dict[str, Any]:
    share = report.counted / report.max_score if report.max_score else Fraction(1)
    value: dict[str, Any] = {"gradable": True, "score": float(min(max(share, Fraction(0)), Fraction(1)))}
    if report.notes:
        value["message"] = cut("\n".join(report.notes), limit)
    rows = [_row(test, limit) for test in report.tests if test.visibility == "visible"]
    hidden = [test for test in report.tests if test.visibility != "visible"]
    value["tests"] = [*rows, *([_hidden(hidden)] if hidden else [])]
    return value


def _row(test: TestResult, limit: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": heading(test),
        "points": number(test.score),
        "max_points": number(test.max_score),
    }
    if test.status != "passed":
        row["message"] = cut(" ".join(f"{test.status}: {test.hint or test.message}".split()), 300)
    text = explanation(test)
    if text:
        row["output"] = cut(text, limit)
    return row


def _hidden(tests: Sequence[TestResult]) -> dict[str, Any]:
    return {
        "name": HIDDEN,
        "points": number(sum((test.score for test in tests), Fraction(0))),
        "max_points": number(sum((test.max_score for test in tests), Fraction(0))),
    }
