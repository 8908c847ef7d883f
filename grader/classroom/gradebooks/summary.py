"""The instructor's own tables: everybody with all parts, and what a person must look at."""

from __future__ import annotations

from grader.classroom.attention import killed, one_cause
from grader.classroom.gradebooks.rows import (
    PERSON,
    has_free_days,
    heading,
    max_score_of,
    number_cell,
    parts_of,
    person_cells,
    rows,
    table,
    text_cell,
)
from grader.gradebook import Gradebook

HEAD = (*PERSON, "score", "max_score", "status", "late")
PROBLEMS_HEAD = (*PERSON, "status", "problem")


def to_gradebook(book: Gradebook, *, zero_absent: bool = False) -> str:
    """Return gradebook.csv: a row a student, and a column a part with its score before any deduction.

    A part that a person grades has a column of its own, blank as long as nobody has graded it. If there are free days,
    a column says how many the student spent on this homework.
    """
    parts, top = parts_of(book), number_cell(max_score_of(book))
    by_machine = [index for index, part in enumerate(parts) if part.max_score or not part.manual]
    by_person = [index for index, part in enumerate(parts) if part.manual]
    days = has_free_days(book)
    titles = [parts[index].title for index in by_machine]
    titles += [heading(parts[index].title, parts[index].manual) for index in by_person]
    lines = [[*HEAD, *(["free_days"] if days else []), *map(text_cell, titles)]]
    for row in rows(book, zero_absent=zero_absent):
        found = row.report.parts if row.report is not None else None
        scores = [number_cell(found[index].score) if found is not None else "" for index in by_machine]
        given = [number_cell(found[index].given) if found is not None else "" for index in by_person]
        late = {True: "yes", False: "no", None: ""}[row.late]
        spent = [str(row.spent_days)] if days else []
        cells = [number_cell(row.score), top, row.standing, late, *spent, *scores, *given]
        lines.append([*person_cells(row.student), *cells])
    return table(lines)


def to_problems(book: Gradebook) -> str:
    """Return problems.csv: a row for each student whose result a person must look at, with the reason."""
    return table([PROBLEMS_HEAD, *problems_of(book)])


def problems_of(book: Gradebook) -> list[list[str]]:
    """Return the rows of problems.csv."""
    lines = []
    for row in rows(book):
        problem = "; ".join(filter(None, (row.problem, one_cause(row.report), killed(row.report))))
        if problem or row.standing == "not graded":
            lines.append([*person_cells(row.student), row.standing, text_cell(problem or "not graded yet")])
    return lines
