"""The instructor's own tables: everybody with all parts, and what a person must look at."""

from __future__ import annotations

from grader.classroom.attention import one_cause
from grader.classroom.gradebooks.rows import Row, max_score_of, number_cell, parts_of, rows, table, text_cell
from grader.gradebook import Gradebook

HEAD = ("key", "name", "email", "id", "score", "max_score", "status", "late")
PROBLEMS_HEAD = ("key", "name", "email", "id", "status", "problem")


def to_gradebook(book: Gradebook, *, zero_absent: bool = False) -> str:
    """Return gradebook.csv: a row a student, and a column a part with its score before any deduction."""
    parts, top = parts_of(book), number_cell(max_score_of(book))
    lines = [[*HEAD, *(text_cell(part.title) for part in parts)]]
    for row in rows(book, zero_absent=zero_absent):
        scores = [number_cell(part.score) for part in row.report.parts] if row.report is not None else [""] * len(parts)
        late = {True: "yes", False: "no", None: ""}[row.late]
        lines.append([*_person(row), number_cell(row.score), top, row.standing, late, *scores])
    return table(lines)


def to_problems(book: Gradebook) -> str:
    """Return problems.csv: a row for each student whose result a person must look at, with the reason."""
    lines = []
    for row in rows(book):
        problem = "; ".join(filter(None, (row.problem, one_cause(row.report))))
        if problem or row.standing == "not graded":
            lines.append([*_person(row), row.standing, text_cell(problem or "not graded yet")])
    return table([PROBLEMS_HEAD, *lines])


def _person(row: Row) -> list[str]:
    who = row.student
    return [text_cell(field) for field in (who.key, who.name, who.email, who.id)]
