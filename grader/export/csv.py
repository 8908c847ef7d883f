"""A table for spreadsheets: one row a hand-in, one column a part; a class is many rows under one head.

A spreadsheet runs a cell that begins like a formula, so texts that do are quoted with an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from grader.export.common import strict_json
from grader.export.fit import fit
from grader.report import Report, number
from grader.text import cut

NOTES_CHARS = 2000
"""In one cell, which a spreadsheet cuts at 32,767; a class has many."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(report: Report) -> str:
    """Return a table of one hand-in, named by its assignment."""
    return fit(report, lambda report: class_csv([(report.assignment, report)]))


def class_csv(reports: Iterable[tuple[str, Report]]) -> str:
    """Return a table of (name of the hand-in, its report); all of one assignment, in the order given."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    head: list[str] = []
    for name, report in reports:
        if not head:
            head = ["submission", "score", "max_score", *(part.title for part in report.parts), "notes"]
            writer.writerow(map(_cell, head))
        points = (report.counted, report.max_score, *(part.score for part in report.parts))
        notes = " ".join(cut(" ".join(report.notes), NOTES_CHARS).split())
        scores = [strict_json(number(value)) if report.graded else "" for value in points]
        writer.writerow([_cell(name), *scores, _cell(notes)])
    return buffer.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
