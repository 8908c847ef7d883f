"""A table for spreadsheets: a row for each hand-in, a column for each part; a class has one header and many rows.

A spreadsheet evaluates a cell that begins like a formula, so such texts are quoted with an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from grader.export.common import strict_json
from grader.export.fit import fit
from grader.report import Report, number
from grader.text import cut, harmless_cell

NOTES_CHARS = 2000
"""The most characters of notes in one cell. Spreadsheets cut a cell at 32,767; a class has many cells."""


def to_csv(report: Report) -> str:
    """Return a table of one hand-in, which has the name of its file or folder."""
    return fit(report, lambda report: class_csv([(report.submission or report.assignment, report)]))


def class_csv(reports: Iterable[tuple[str, Report]]) -> str:
    """Return a table of (name of the hand-in, report) pairs of one assignment, in the given order."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    head: list[str] = []
    for name, report in reports:
        if not head:
            head = ["submission", "score", "max_score", *(part.title for part in report.parts), "notes"]
            writer.writerow(map(harmless_cell, head))
        # what only a person grades is blank, to be filled in
        parts = [part.score if part.max_score or not part.manual else None for part in report.parts]
        points = (report.counted, report.max_score, *parts)
        notes = " ".join(cut(" ".join((*report.notes, *report.staff_notes)), NOTES_CHARS).split())
        scores = [strict_json(number(value)) if report.graded and value is not None else "" for value in points]
        writer.writerow([harmless_cell(name), *scores, harmless_cell(notes)])
    return buffer.getvalue()
