"""Gradescope's results.json.

The tests have the scores. If there is a top-level score too, Gradescope silently uses that one. So it is written only
when points are deducted for late work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.export.common import board_value, explanation, strict_json
from grader.export.fit import fit
from grader.export.screen import plain, screen
from grader.report import Report, TestResult, number
from grader.summary import label, summarize
from grader.text import cut

OUTPUT_CHARS = 100_000
"""Gradescope cuts the middle out of anything longer."""
TOP_WIDTH = 88
"""The characters of a line of the text above the rows."""


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
        "tests": _rows(report),
        "extra_data": {"assignment": report.assignment, "isolation": report.isolation},
    }
    if report.kept != 1:
        result["score"] = number(report.counted)
    result["output"] = cut(_top(report), OUTPUT_CHARS)
    result["output_format"] = "text"
    if report.staff_notes:
        result["extra_data"]["staff_notes"] = list(report.staff_notes)
    if report.leaderboard:
        result["leaderboard"] = [
            {"name": row.name, "value": board_value(row.value), "order": row.order} for row in report.leaderboard
        ]
    return result


def _top(report: Report) -> str:
    """The text above all rows: the notes, and the summary of the tests that the student sees."""
    summary = summarize(report)
    lines = screen(replace(summary, notes=()), width=TOP_WIDTH, counted="points in the tests shown here")
    call = summary.causes[0].first.command if summary.causes else ""
    command = f"\n\nSee what is expected, with the numbers of your handout: {call}" if call else ""
    notes = "".join(f"{note}\n" for note in report.notes)
    return notes + ("\n" if notes else "") + plain(lines).strip() + command


def _rows(report: Report) -> list[dict[str, Any]]:
    """The rows. Of visible tests with the same text or hint, the first one has it, and the others name that one."""
    first: dict[str, TestResult] = {}
    rows = []
    for test in report.tests:
        text = explanation(replace(test, command=""))
        if test.visibility == "visible" and test.message:
            same = first.setdefault(f"{test.message}\n{text}", test)
            hinted = first.setdefault(test.hint, test) if test.hint else test
            if same is not test:
                text = f"The same as in {label(same)}."
            elif hinted is not test:
                text = explanation(replace(test, command="", hint=f"as in {label(hinted)}."))
        rows.append(_row(test, text))
    return rows


def _row(test: TestResult, text: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": test.title,
        "score": number(test.score),
        "max_score": number(test.max_score),
        "visibility": test.visibility,
        "extra_data": {
            "id": test.id,
            "part": test.part,
            "status": test.status,
        },
    }
    if test.max_score or test.status == "passed":
        # a remark without points has no status, because "failed" would be red like lost points
        row["status"] = "passed" if test.status == "passed" else "failed"
    if test.visibility == "visible":
        row["extra_data"]["hint"] = test.variant
    if test.number:
        row["number"] = test.number
    if text:
        row["output"] = cut(text, OUTPUT_CHARS)
    if test.tags:
        row["tags"] = list(dict.fromkeys(test.tags))
    return row
