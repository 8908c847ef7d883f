"""A table for any other platform: who, and the score; most can map columns when they import."""

from __future__ import annotations

from grader.classroom.gradebooks.rows import number_cell, rows, table, text_cell
from grader.gradebook import Gradebook


def to_plain(book: Gradebook, *, zero_absent: bool = False) -> str:
    """Return key, id, e-mail and score of each student; a score that isn't known is blank."""
    lines = [
        [*(text_cell(field) for field in (row.student.key, row.student.id, row.student.email)), number_cell(row.score)]
        for row in rows(book, zero_absent=zero_absent)
    ]
    return table([("key", "id", "email", "score"), *lines])
