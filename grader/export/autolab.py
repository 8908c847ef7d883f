"""Writes Autolab's last two lines: semantic feedback, then the scores.

Before Autolab parses the last line, it quotes every word of letters or digits before a colon. So no string there may
contain a colon; part titles are checked for that when the assignment is read. Autolab shows all output to the student,
so hidden tests add to their part's score and appear nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from grader.export.common import BOARD, board_value, headings, strict_json
from grader.export.fit import fit
from grader.report import LeaderboardRow, Report, number
from grader.text import cut

HINT_CHARS = 300
FEEDBACK_BYTES = 500_000
"""The most bytes of all output. Autolab cuts the middle out of more than 1,024,000 and keeps the last line whole."""


def to_autolab(report: Report) -> str:
    """Return the text that make must print last. It begins with a newline, because earlier output may lack one."""
    return fit(report, _lines, FEEDBACK_BYTES)


def to_feedback(report: Report) -> str:
    """Return the student's whole output: the notes, then the lines of `to_autolab`."""
    return fit(report, lambda report: "".join(f"{note}\n" for note in report.notes) + _lines(report), FEEDBACK_BYTES)


def _lines(report: Report) -> str:
    return f"\n{strict_json(presentation(report))}\n{strict_json(scores(report))}\n"


def scores(report: Report) -> dict[str, Any]:
    """Return the last line: one score for each part, by its title, and the leaderboard's columns."""
    # a person scores a problem without points here: Autolab doesn't change a problem that the line doesn't name
    graded = [part for part in report.parts if part.max_score]
    line: dict[str, Any] = {"scores": {part.title: number(part.score) for part in graded or report.parts}}
    board = scoreboard(report.columns, report.leaderboard)
    return line | ({"scoreboard": board} if board else {})


def scoreboard(
    columns: Sequence[tuple[str, Literal["asc", "desc"]]], rows: Sequence[LeaderboardRow] = ()
) -> list[float | str]:
    """Return a value for each column. A missing one is the worst: otherwise the later ones would move to its place.

    Autolab sorts by the number at the front of a text.
    """
    values: dict[str, float | str] = {row.name: board_value(row.value) for row in rows}
    worst = {name: f"{BOARD if order == 'asc' else -BOARD:g} (not measured)" for name, order in columns}
    found = (
        [values.get(name, worst[name]) for name, _ in columns] if columns else [board_value(row.value) for row in rows]
    )
    return [value.replace(":", " ") if isinstance(value, str) else value for value in found]


def presentation(report: Report) -> dict[str, Any]:
    """Return the line before the last: one stage for each part, one row for each visible test."""
    stages: dict[str, Any] = {}
    for part in report.parts:
        rows: dict[str, Any] = {}
        tests = [test for test in report.tests if test.part == part.name and test.visibility == "visible"]
        for test, name in zip(tests, headings(tests), strict=True):
            row: dict[str, Any] = {"passed": test.status == "passed"}
            hint = " ".join(f"{test.message} {test.hint}".split())
            if hint and test.status != "passed":
                row["hint"] = cut(hint, HINT_CHARS)
            rows[f"Test {name}" if name.startswith("_") else name] = row  # Autolab reserves such names
        if rows:
            stages[part.title] = rows | {"_order": list(rows)}
    order = [part.title for part in report.parts]
    return {"_presentation": "semantic", "stages": list(stages), "_scores_order": order} | stages
