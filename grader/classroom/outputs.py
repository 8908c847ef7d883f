"""Writes what comes out of a run: tables, the class page, and a page for each student."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.assignment import Assignment
from grader.classroom.difference import Difference, difference
from grader.classroom.gradebooks.write import tables
from grader.classroom.marks import told_apart
from grader.classroom.page import class_page
from grader.classroom.points import POINTS, Points, blank_points, notes_of, with_points
from grader.classroom.store import Store
from grader.files import write_atomically
from grader.gradebook import Entry, Gradebook
from grader.pages.student_page import student_page

PAGES = "students"


def write_outputs(
    store: Store,
    book: Gradebook,
    files: Mapping[str, Path],
    *,
    assignment: Assignment | None = None,
    points: Points | None = None,
    against: Gradebook | None = None,
    zero_absent: bool = False,
    canvas_column: str = "",
    worksheet: bytes | None = None,
    test_seconds: float | None = None,
) -> tuple[Gradebook, list[str], Difference | None]:
    """Write everything below the run's folder; return the results as written, sentences about them, and what changed.

    Args:
        store: the run's.
        book: the results.
        files: the report of each entry's key.
        assignment: None for a suite.
        points: those of a person; None if there is no table of them yet, which is made if the assignment needs one.
        against: the results of an earlier run to compare with.
        zero_absent: whether no submission counts 0.
        canvas_column: the title of the assignment's column in Canvas' gradebook.
        worksheet: Moodle's grading worksheet, to be filled in.
        test_seconds: the limit of one test.

    Raises UsageError if the worksheet isn't one.
    """
    changes = difference(told_apart(against), told_apart(book)) if against is not None else None
    store.write_book(book, files)
    notes: list[str] = []
    if points is not None:
        book, notes = with_points(book, points)
    elif assignment is not None and assignment.manual_points:
        write_atomically(store.folder / POINTS, blank_points(book, assignment), mode=0o600)
    notes += [f"{POINTS}: {note}" for note in notes_of(book)]
    for table in tables(book, zero_absent=zero_absent, canvas_column=canvas_column, worksheet=worksheet):
        write_atomically(store.folder / table.name, table.data, mode=0o600)
        notes += [f"{table.name}: {note}" for note in table.notes]
    links = dict(_student_pages(store.folder, book, files))
    page = class_page(told_apart(book), against=changes, links=links, test_seconds=test_seconds)
    write_atomically(store.folder / "report.html", page, mode=0o600)
    return book, notes, changes


def _student_pages(folder: Path, book: Gradebook, files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Write a page for each report that isn't on disk yet; yield the entry's key and the page's relative path."""
    place = folder / PAGES
    place.mkdir(mode=0o700, exist_ok=True)
    for entry in book.graded:
        file = place / f"{files[entry.key].stem}.html"
        assert entry.report is not None
        write_atomically(file, student_page(entry.report, student=_name(entry)), mode=0o600)
        yield entry.key, f"{PAGES}/{file.name}"
    kept = {f"{file.stem}.html" for file in files.values()}
    for old in place.glob("*.html"):
        if old.name not in kept:
            old.unlink()


def _name(entry: Entry) -> str:
    return ", ".join(student.name or student.key for student in entry.students)
