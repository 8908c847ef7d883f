"""Autolab's bulk upload of grades: rows without a header, an e-mail and a score for each problem in its order.

A blank leaves a problem as it is. Autolab saves nothing until all rows are valid, so a student without an address is
left out, and told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.classroom.gradebooks.rows import Row, number_cell, parts_of, rows, table
from grader.gradebook import Gradebook
from grader.intake.notes import listed

_ADDRESS = re.compile(r"[\w.+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
"""An address that the platform must read as it is; it has no sign with which a formula could do anything."""


@dataclass(frozen=True)
class Upload:
    """A table to upload."""

    data: bytes
    notes: tuple[str, ...] = ()
    """Sentences about students who aren't in it."""


def to_autolab(book: Gradebook, *, zero_absent: bool = False) -> Upload:
    """Return the table; late work's deduction is made in each problem, so that they sum up to what counts."""
    parts = parts_of(book)
    lines, rest = [], []
    for row in rows(book, zero_absent=zero_absent):
        if _ADDRESS.fullmatch(row.student.email):
            lines.append([row.student.email, *_scores(row, [bool(part.max_score) for part in parts])])
        else:
            rest.append(row.student.key)
    missing = [f"These students have no e-mail address, and aren't in the table: {listed(rest)}."] if rest else []
    # a class without any address isn't on Autolab, which knows students by nothing else
    return Upload(table(lines).encode(), tuple(missing if lines else ()))


def _scores(row: Row, scored: list[bool]) -> list[str]:
    """A cell a problem; one that a person scores, and hasn't yet, stays as it is."""
    if row.report is not None:
        kept = row.report.kept
        return [
            number_cell((part.score + (part.given or 0)) * kept) if part.max_score or part.given is not None else ""
            for part in row.report.parts
        ]
    return [number_cell(row.score) if has else "" for has in scored]
