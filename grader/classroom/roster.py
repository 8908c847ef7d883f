"""Reads a roster, and finds the student that a source's name, number, login or e-mail address belongs to.

A roster is any CSV with a header that universities and platforms export: Gradescope's, Canvas', Moodle's, GitHub
Classroom's, or one's own. Nothing is guessed: a name that fits two students is matched to neither, and reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.classroom.roster_table import Row, decoded, merged, name_forms, plain, rows_of, squeezed
from grader.errors import InternalError, UsageError
from grader.gradebook import Student
from grader.intake.notes import listed, shown

BYTES = 64 * 2**20


@dataclass(frozen=True)
class Match:
    """What the roster says about a student of the source."""

    rows: tuple[Row, ...] = ()
    """One row if it is certain; several if one of them is right but nobody knows which."""
    problem: str = ""
    """Why it isn't certain; a whole sentence, or empty."""
    is_group: bool = False
    """Whether it is a group's name, and `rows` are its members."""


class Roster:
    """The students of a class, with indexes."""

    def __init__(self, name: str, rows: Sequence[Row]) -> None:
        self.name = name
        self.rows = tuple(rows)
        self._emails = _index((row, row.emails) for row in rows)
        self._ids = _index((row, row.ids) for row in rows)
        self._names = _index((row, row.names) for row in rows)
        self._participants = _index((row, row.participants) for row in rows)
        self._groups = _index((row, row.groups) for row in rows)
        self._locals = _index((row, {email.partition("@")[0] for email in row.emails}) for row in rows)

    def match(self, student: Student) -> Match:
        """Return the row that a student of a source belongs to.

        Certain facts come first: e-mail, number, login. Then the part of an address before the @, then the name. A
        number may come from another register than the roster's, so it doesn't count against a name. Moodle even numbers
        teams and participants separately, so a participant's number needs a name that agrees, if there are names.
        """
        for text in filter(None, (student.name, student.key)):
            members = self._groups.get(squeezed(text))
            if members and not self._named(text):
                return Match(tuple(members), is_group=True)
        forms = name_forms(student.name)
        participants = self._participants.get(plain(student.id), [])
        numbered = [row for row in participants if not row.names or not forms or row.names & forms]
        strong: list[tuple[str, list[Row]]] = [
            (student.email, self._emails.get(plain(student.email), [])),
            (student.id, self._ids.get(plain(student.id), [])),
            (student.id, numbered),
            (student.key, self._ids.get(plain(student.key), []) or self._emails.get(plain(student.key), [])),
        ]
        by_name = self._named(student.name)
        others = _distinct(row for _, found in strong for row in found)
        if others and by_name and not strong[0][1] and not any(row in others for row in by_name):
            strong.append((student.name, by_name))
        told = dict.fromkeys(fact for fact, rows in strong if rows)
        rows = _distinct(row for _, found in strong for row in found)
        if not rows:
            login, at, _ = plain(student.key).partition("@")
            # an address of another domain may be somebody else's
            rows = [row for row in self._ids.get(login, []) if not row.emails] if at else self._locals.get(login, [])
            told = dict.fromkeys([student.key])
        if not rows:
            rows = _distinct(row for text in (student.name, student.key) for row in self._named(text))
            told = dict.fromkeys([student.name or student.key])
        if len(rows) == 1:
            return Match((rows[0],))
        if not rows and participants:
            other = participants[0]
            return Match(
                tuple(participants),
                f"{_who(student)} has the number of {shown(other.student.name)} in line {other.lines[0]} of the "
                f"{self.name}, and another name; correct it there",
            )
        if not rows:
            return Match((), f"{_who(student)} is not in the {self.name}; add a row, or correct the name")
        facts = " and ".join(shown(fact) for fact in told)
        places = listed([f"{row.student.name or row.student.key} in line {row.lines[0]}" for row in rows])
        return Match(
            tuple(rows),
            f"{_who(student)} fits more than one row of the {self.name}, by {facts}: {places}; correct it there",
        )

    def _named(self, text: str) -> list[Row]:
        return _distinct(row for form in name_forms(text) for row in self._names.get(form, []))


def read_roster(file: Path) -> Roster:
    """Read a roster.

    Raises:
        UsageError: there is no such file, or it is no table with a column that identifies students.
        InternalError: the machine can't read it.
    """
    name = shown(file.name)
    try:
        with file.open("rb") as stream:
            data = stream.read(BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise UsageError(f"there is no roster {name}; name a CSV file") from None
    except OSError as error:
        raise InternalError(f"the roster {name} can't be read ({error.strerror or error})") from None
    if len(data) > BYTES:
        raise UsageError(f"the roster {name} is larger than {BYTES // 2**20} MiB; name a CSV file of the class alone")
    return Roster(f"roster {name}", merged(rows_of(decoded(data), name)))


def _index(pairs: Iterable[tuple[Row, Iterable[str]]]) -> dict[str, list[Row]]:
    index: dict[str, list[Row]] = {}
    for row, texts in pairs:
        for text in texts:
            if text:
                index.setdefault(text, []).append(row)
    return index


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return list({id(row): row for row in rows}.values())


def _who(student: Student) -> str:
    return shown(f"{student.name} ({student.key})" if student.name and student.name != student.key else student.key)
