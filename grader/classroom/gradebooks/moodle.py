"""Fills in the grading worksheet that an instructor downloaded from Moodle.

Its columns depend on Moodle's version, settings and language, so no worksheet is written anew. Only cells of the
grade's column change; every other byte stays, with the encoding, the separators and the quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.classroom.gradebooks.autolab import Upload
from grader.classroom.gradebooks.rows import max_score_of, number_cell, rows
from grader.classroom.roster import Roster
from grader.classroom.roster_table import columns_of, row_of
from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.intake.notes import listed, shown

_GRADES = ("grade", "bewertung", "note", "calificación", "calificacion", "valutazione", "nota", "cijfer")
_TOPS = (
    *("maximum grade", "bestwertung", "note maximale", "calificación máxima", "valutazione massima", "nota máxima"),
    "hoogste cijfer",
)
_BOM = "\ufeff"


@dataclass(frozen=True)
class _Cell:
    """One cell of the worksheet."""

    start: int
    end: int
    """Where its text is in the worksheet, with its quotes."""
    text: str


def fill_moodle(book: Gradebook, worksheet: bytes, *, column: str = "", zero_absent: bool = False) -> Upload:
    """Return the worksheet with the scores.

    Args:
        book: the results.
        worksheet: the instructor's own, as downloaded.
        column: the title of the grade's column, if it isn't one of those that are known.
        zero_absent: whether no submission counts 0.

    Raises:
        UsageError: it isn't such a worksheet.
    """
    text, encoding = _decoded(worksheet)
    lines, separator = _table(text)
    head = [cell.text.removeprefix(_BOM).strip() for cell in lines[0]] if lines else []
    grade = _index(head, (column.strip().lower(),) if column else _GRADES)
    if grade is None:
        raise UsageError(
            f"the worksheet has no column {column or 'Grade'} (its columns are {listed(head)}); download it in Moodle "
            "by: Download grading worksheet"
        )
    top = _index(head, _TOPS)
    bodies = [line for line in lines[1:] if len(line) > grade]
    columns = columns_of(head)
    found = (row_of([cell.text for cell in line], columns, number) for number, line in enumerate(bodies))
    roster = Roster("worksheet", [row for row in found if row is not None])
    edits: dict[int, Fraction] = {}
    rest = []
    for one in rows(book, zero_absent=zero_absent):
        match = roster.match(one.student)
        if one.score is None:
            continue
        score = one.score
        if match.problem:
            rest.append(match.problem)
        elif any(edits.get(row.lines[0], score) != score for row in match.rows):
            rest.append(f"{shown(one.student.key)} has the row of somebody with another score")
        else:
            edits.update({row.lines[0]: score for row in match.rows})
    tops = {bodies[number][top].text.strip() for number in edits if top is not None and top < len(bodies[number])}
    comma = any("," in value for value in tops) or (not tops and separator == ";")
    new = {bodies[number][grade]: _written(score, comma, separator) for number, score in edits.items()}
    notes = [
        *(f"Not filled in: {sentence}." for sentence in rest),
        *_tops_differ(tops, max_score_of(book)),
    ]
    return Upload(_filled(text, new).encode(encoding), tuple(notes))


def _decoded(data: bytes) -> tuple[str, str]:
    """The text and an encoding that gives back the same bytes; a mark of the byte order stays in the text."""
    marks = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    for encoding in (marks.get(data[:2], "utf-8"), "utf-8"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"  # any byte is a character there


def _table(text: str) -> tuple[list[list[_Cell]], str]:
    """The cells of each line, and the separator: the one with which the first line has a grade, or most cells."""
    tables = {separator: list(_lines(text, separator)) for separator in (",", ";", "\t")}
    separator = max(tables, key=lambda sign: len(tables[sign][0]) if tables[sign] else 0)
    return tables[separator], separator


def _lines(text: str, separator: str) -> Iterator[list[_Cell]]:
    plain = rf"[^{separator}\r\n]*"
    form = re.compile(rf'({_BOM}?"(?:[^"]|"")*"{plain}|{plain})({separator}|\r\n|\r|\n|\Z)')
    place = 0
    line: list[_Cell] = []
    while place < len(text) or line:
        match = form.match(text, place)
        assert match is not None  # the second form fits anything up to the next end of a cell
        line.append(_Cell(match.start(1), match.end(1), _unquoted(match[1])))
        place = match.end()
        if match[2] != separator:
            yield line
            line = []


def _unquoted(raw: str) -> str:
    body = raw.removeprefix(_BOM)
    if not body.startswith('"') or '"' not in body[1:]:
        return body
    inner, _, after = body[1:].rpartition('"')
    return inner.replace('""', '"') + after


def _index(head: Sequence[str], titles: Sequence[str]) -> int | None:
    return next((index for index, title in enumerate(head) if title.lower() in titles), None)


def _written(score: Fraction, comma: bool, separator: str) -> str:
    """A grade with the worksheet's decimal sign, quoted if it would end the cell."""
    text = number_cell(score)
    text = text.replace(".", ",") if comma else text
    return f'"{text}"' if separator in text else text


def _filled(text: str, new: Mapping[_Cell, str]) -> str:
    pieces, place = [], 0
    for cell in sorted(new, key=lambda cell: cell.start):
        pieces += [text[place : cell.start], new[cell]]
        place = cell.end
    return "".join([*pieces, text[place:]])


def _tops_differ(tops: set[str], top: Fraction | None) -> list[str]:
    """A sentence if the worksheet's maximum isn't the assignment's, because Moodle scales nothing."""
    for value in sorted(tops):
        try:
            same = top is None or Fraction(value.replace(",", ".")) == top
        except (ValueError, ZeroDivisionError):
            same = True  # a scale, such as "Pass"
        if not same:
            return [
                f"The worksheet's maximum grade is {shown(value)}, and the assignment's {number_cell(top)}; set the "
                "maximum in Moodle first, and download the worksheet again."
            ]
    return []
