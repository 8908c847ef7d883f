"""Gradescope's results.json.

The tests have the scores. If there is a top-level score too, Gradescope silently uses that one. So it is written only
when points are deducted for late work.
"""

from __future__ import annotations

from typing import Any

from grader.export.common import board_value, explanation, strict_json
from grader.export.fit import fit
from grader.report import Report, TestResult, number
from grader.text import cut

OUTPUT_CHARS = 100_000
"""Gradescope cuts the middle out of anything longer."""


def to_gradescope(report: Report) -> str:
    """Return results.json as text; valid for schemas/gradescope-results.schema.json."""
    return fit(report, lambda report: to_text(to_value(report)))


def to_text(value: dict[str, Any]) -> str:
    """Return results.json as text, from JSON values."""
    return strict_json(value, indent=1) + "\n"


def to_value(report: Report) -> dict[str, Any]:
    """Return results.json as JSON values."""
    result: dict[str, Any] = {
        "execution_time": round(report.seconds, 3),
        "stdout_visibility": "hidden",
        "test_output_format": "text",
        "tests": [_row(test) for test in report.tests],
        "extra_data": {"assignment": report.assignment, "isolation": report.isolation},
    }
    if report.kept != 1:
        result["score"] = number(report.counted)
    if report.notes:
        result["output"] = cut("\n".join(report.notes), OUTPUT_CHARS)
        result["output_format"] = "text"
    if report.staff_notes:
        result["extra_data"]["staff_notes"] = list(report.staff_notes)
    if report.leaderboard:
        result["leaderboard"] = [
            {"name": row.name, "value": board_value(row.value), "order": row.order} for row in report.leaderboard
        ]
    return result


def _row(test: TestResult) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": test.title,
        "score": number(test.score),
        "max_score": number(test.max_score),
        "status": "passed" if test.status == "passed" else "failed",
        "visibility": test.visibility,
        "extra_data": {
            "id": test.id,
            "part": test.part,
            "status": test.status,
        },
    }
    if test.visibility == "visible":
        row["extra_data"]["hint"] = test.variant
    if test.number:
        row["number"] = test.number
    text = explanation(test)
    if text:
        row["output"] = cut(text, OUTPUT_CHARS)
    if test.tags:
        row["tags"] = list(dict.fromkeys(test.tags))
    return row
