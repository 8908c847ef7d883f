"""Reads the rows of a roster: titles of columns, encodings and separators as platforms and spreadsheets write them."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from grader.classroom.sources.found import EMAIL, printable
from grader.errors import UsageError
from grader.gradebook import Student
from grader.intake.notes import listed

_FIELDS: dict[str, tuple[str, ...]] = {
    # by column titles in lower case, without anything but letters and digits
    "key": ("key", "identifier", "studentkey"),
    "name": ("name", "fullname", "student", "studentname", "displayname", "sortablename", "vollstandigername"),
    "first": ("firstname", "givenname", "givennames", "forename", "preferredname", "vorname", "prenom", "nombre"),
    "last": ("lastname", "surname", "familyname", "nachname", "nom", "apellidos", "apellido"),
    "email": ("email", "emailaddress", "mail", "emailadresse", "studentemail", "universityemail", "adresseemail"),
    "id": (
        *("id", "sid", "studentid", "idnumber", "sisuserid", "studentnumber", "matriculationnumber", "matrikelnummer"),
        *("uin", "uni", "canvasid", "userid", "participantid", "andrewid", "githubid", "orgdefinedid"),
    ),
    "canvas": ("canvasid",),
    "login": (
        *("login", "loginid", "username", "user", "netid", "uid", "sisloginid", "github", "githubusername"),
        *("githublogin", "benutzername"),
    ),
    "group": ("group", "groups", "team", "teams", "groupname", "gruppe", "gruppen"),
    "role": ("role", "roles"),
    "due": ("due", "duedate", "dueat", "duetime", "deadline"),
    "free": ("freedays", "freelatedays", "latedays", "slipdays", "gracedays"),
    "extension": ("extension", "extensions", "extratime"),
    "submitted": ("submitted", "submittedat", "submissiontime", "submittedtime", "lastmodifiedsubmission"),
}
_STAFF = ("instructor", "ta", "teacher", "teachingassistant", "staff", "grader", "reader", "observer", "editingteacher")
_NOBODY = ("pointspossible", "studenttest", "teststudent")
"""Rows of Canvas' gradebook that aren't students."""
_PARTICIPANT = re.compile(r"[^\W\d]{4,}\D*?(\d+)")
"""An identifier of Moodle's worksheet, such as "Participant 12345", in any language."""


@dataclass(frozen=True)
class Row:
    """One student of the roster."""

    student: Student
    lines: tuple[int, ...]
    """Where in the file, from 1; several if a student is there more than once."""
    emails: frozenset[str]
    ids: frozenset[str]
    """Numbers, keys and logins; all in one form, as `emails` and `names`."""
    names: frozenset[str]
    participants: frozenset[str] = frozenset()
    """Numbers of Moodle's participants."""
    groups: frozenset[str] = frozenset()
    dues: tuple[str, ...] = ()
    """The student's own due dates and extensions, and times of the hand-in, as they are written."""
    extensions: tuple[str, ...] = ()
    submitted: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    """The student's own number of free late days."""


def decoded(data: bytes) -> str:
    """The text of a table that a spreadsheet or a platform wrote: UTF-16 or UTF-8, or Windows' Western encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def table_of(text: str, name: str) -> list[tuple[int, list[str]]]:
    """The rows of a table that aren't empty, each with the number of its line, from 1.

    Raises:
        UsageError: it is no CSV; `name` is what the sentence calls it.
    """
    # a NUL is an error for csv before Python 3.11; a first line `sep=;` is Excel's own
    text = text.replace("\0", "")
    skipped = re.match(r"sep=(.)\r?\n", text)
    body = text[skipped.end() :] if skipped else text
    first = next((line for line in body.splitlines() if line.strip()), "")
    separators = (skipped[1],) if skipped else (",", ";", "\t", "|")
    try:
        separator = max(separators, key=lambda sign: len(columns_of(next(csv.reader([first], delimiter=sign), []))))
        if not columns_of(next(csv.reader([first], delimiter=separator), [])) and not skipped:
            separator = max(separators, key=first.count)
        reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator)
        return [(reader.line_num + bool(skipped), row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UsageError(f"{name} is no CSV ({error}); export it again as CSV") from None


def rows_of(text: str, name: str) -> list[Row]:
    """The students of a table.

    Raises:
        UsageError: it is no table with a column that identifies students; `name` is its file's.
    """
    table = table_of(text, f"the roster {name}")
    columns = columns_of(table[0][1]) if table else []
    if table and not columns:
        # without a header, such as a plain list of addresses or Autolab's own roster
        columns = [("email", index) for index, cell in enumerate(table[0][1]) if EMAIL.fullmatch(cell.strip())][:1]
        body_rows = table
    else:
        body_rows = table[1:]
    if not {"key", "name", "last", "email", "id", "login"} & {field for field, _ in columns}:
        titles = listed(table[0][1]) if table else "nothing"
        raise UsageError(
            f"the roster {name} has no column that identifies students (its first row has {titles}); give it a header "
            "with some of: key, name, first name, last name, email, id, login"
        )
    found = (row_of(cells, columns, line) for line, cells in body_rows)
    return [row for row in found if row is not None]


def columns_of(header: Sequence[str]) -> list[tuple[str, int]]:
    """Field and index of each known column; those of one field are in the order of `_FIELDS`."""
    titles = ["".join(filter(str.isalnum, _bare(cell))) for cell in header]
    found = [
        (field, index)
        for field, known in _FIELDS.items()
        for title in known
        for index, cell in enumerate(titles)
        if cell == title
    ]
    # beside a number of the university's, Canvas' export has its own
    of_canvas = "id" in titles and not {"sisuserid", "sisloginid"}.isdisjoint(titles)
    return [*found, ("canvas", titles.index("id"))] if of_canvas else found


def row_of(cells: Sequence[str], columns: Sequence[tuple[str, int]], line: int) -> Row | None:
    """One student, of the cells of a line; None for a line that isn't a student's."""
    values: dict[str, list[str]] = {field: [] for field in _FIELDS}
    for field, index in columns:
        cell = cells[index].strip() if index < len(cells) else ""
        if cell:
            values[field].append(printable(cell))
    roles = [re.sub(r"[^a-z]", "", role.lower()) for role in values["role"]]
    full = " ".join([*values["first"][:1], *values["last"][:1]])
    name = next(iter(values["name"]), "") or full
    if any(role in _STAFF for role in roles) or "".join(filter(str.isalnum, name.lower())) in _NOBODY:
        return None
    emails = [*values["email"], *(text for text in (*values["login"], *values["key"]) if EMAIL.fullmatch(text))]
    identifiers = (*values["key"], *values["id"])
    participants = [match[1] for text in identifiers if (match := _PARTICIPANT.fullmatch(text))]
    numbers = values["id"]
    groups = [part for text in values["group"] for part in (text, *re.split("[,;|]", text))]
    key = next(iter((*values["key"], *emails, *values["login"], *numbers, *participants, name)), "")
    if not key:
        return None
    return Row(
        Student(key, name, next(iter(emails), ""), next(iter((*numbers, *participants)), ""), *values["canvas"][:1]),
        (line,),
        frozenset(map(plain, emails)),
        frozenset(map(plain, (*numbers, *values["key"], *values["login"]))),
        frozenset(form for text in (*values["name"], full) for form in name_forms(text, turned=True)),
        frozenset(map(plain, participants)),
        frozenset(filter(None, map(squeezed, groups))),
        tuple(values["due"]),
        tuple(values["extension"]),
        tuple(values["submitted"]),
        tuple(values["free"]),
    )


def merged(rows: Iterable[Row]) -> list[Row]:
    """One row for each student; somebody in two sections has two rows with one address or, without one, one key."""
    found: dict[str, Row] = {}
    for row in rows:
        by_name = row.student.key == row.student.name and not row.ids  # two students may have one name
        identity = min(row.emails, default="") or (f"line {row.lines[0]}" if by_name else plain(row.student.key))
        old = found.get(identity)
        found[identity] = (
            row
            if old is None
            else replace(
                old,
                lines=(*old.lines, *row.lines),
                emails=old.emails | row.emails,
                ids=old.ids | row.ids,
                names=old.names | row.names,
                participants=old.participants | row.participants,
                groups=old.groups | row.groups,
                dues=old.dues + row.dues,
                extensions=old.extensions + row.extensions,
                submitted=old.submitted + row.submitted,
                free=old.free + row.free,
            )
        )
    return list(found.values())


def plain(text: str) -> str:
    """A text in the form in which it is compared: without case, and composed."""
    return unicodedata.normalize("NFC", text.strip()).casefold()


def squeezed(text: str) -> str:
    """A group's name as it is compared: Moodle turns underscores in it into blanks."""
    return " ".join(plain(text).replace("_", " ").split())


def _bare(text: str) -> str:
    """A text without case and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def name_forms(text: str, turned: bool = False) -> set[str]:
    """The forms in which a name is compared: its words in order, and in any order.

    With `turned`, also the last word first, because Canvas joins the words so.
    """
    bare = _bare(text)
    words = re.findall(r"[^\W_]+", bare)
    if not words:
        return set()
    last_first = [words[-1], *words[:-1]] if turned and "," not in bare else words
    return {"".join(words), "".join(last_first), " ".join(sorted(words))}
