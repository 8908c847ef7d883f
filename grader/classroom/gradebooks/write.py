"""All tables of one class, by file name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.classroom.gradebooks.autolab import to_autolab
from grader.classroom.gradebooks.canvas import to_canvas
from grader.classroom.gradebooks.moodle import fill_moodle
from grader.classroom.gradebooks.plain import to_plain
from grader.classroom.gradebooks.summary import to_gradebook, to_problems
from grader.gradebook import Gradebook


@dataclass(frozen=True)
class Table:
    """One file to write."""

    name: str
    data: bytes
    notes: tuple[str, ...] = ()
    """Sentences for the instructor, such as who isn't in it."""


def tables(
    book: Gradebook, *, zero_absent: bool = False, canvas_column: str = "", worksheet: bytes | None = None
) -> Iterator[Table]:
    """Yield each table.

    Args:
        book: the results.
        zero_absent: whether no submission counts 0; it is blank otherwise.
        canvas_column: the title of the assignment's column in Canvas' gradebook, with its id.
        worksheet: Moodle's grading worksheet, to be filled in.

    Raises:
        UsageError: the worksheet isn't one; the other tables have been yielded before.
    """
    yield Table("gradebook.csv", to_gradebook(book, zero_absent=zero_absent).encode())
    yield Table("problems.csv", to_problems(book).encode())
    yield Table("plain.csv", to_plain(book, zero_absent=zero_absent).encode())
    yield Table("canvas.csv", to_canvas(book, column=canvas_column, zero_absent=zero_absent).encode())
    autolab = to_autolab(book, zero_absent=zero_absent)
    yield Table("autolab.csv", autolab.data, autolab.notes)
    if worksheet is not None:
        moodle = fill_moodle(book, worksheet, zero_absent=zero_absent)
        yield Table("moodle.csv", moodle.data, moodle.notes)
