"""Canvas' gradebook import: `Student,ID,SIS User ID,SIS Login ID,Section,<Assignment> (<id>)`.

Canvas finds a student by ID, which is in the names of the files of its download and in an export of its gradebook, or
by the university's number, the SIS User ID. A title without the assignment's id makes a new assignment. A blank score
changes nothing.
"""

from __future__ import annotations

from grader.classroom.gradebooks.rows import max_score_of, number_cell, rows, table, text_cell
from grader.gradebook import Gradebook

HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS = "    Points Possible"


def to_canvas(book: Gradebook, *, column: str = "", zero_absent: bool = False) -> str:
    """Return the table.

    Args:
        book: the results.
        column: the title of the assignment's column, as an export of Canvas' gradebook has it, such as
            `Homework 1 (98765)`; empty for a new assignment with the homework's title.
        zero_absent: whether no submission counts 0.
    """
    lines = [
        [*HEAD, text_cell(column or book.title)],
        [POINTS, "", "", "", "", number_cell(max_score_of(book))],
    ]
    for row in rows(book, zero_absent=zero_absent):
        who = row.student
        # Canvas would take another register's number under ID for somebody else's
        other_id = "" if who.canvas else who.id
        login = "" if who.canvas or other_id else who.email or who.key
        lines.append([*map(text_cell, (who.name or who.key, who.canvas, other_id, login, "")), number_cell(row.score)])
    return table(lines)
