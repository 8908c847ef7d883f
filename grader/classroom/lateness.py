"""When each hand-in of a class was due, how late it was, and how many free late days its students have.

The due date is the call's, or the student's own in the roster. The time of a hand-in is the source's, or the roster's
where the source has none. Nothing is guessed: where either is missing, no points are taken off, and a person is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from grader.classroom.roster import Roster
from grader.classroom.roster_table import Row
from grader.classroom.times import parse_time
from grader.errors import UsageError
from grader.gradebook import HandIn, Student
from grader.intake.notes import shown
from grader.policy import DAY, LatePolicy

_EXAMPLE = "2026-10-20 23:59 +02:00 or 2026-10-20 23:59 Europe/Berlin"
_LENGTH = re.compile(
    r"(?P<number>\d{1,5}(?:\.\d{1,3})?)\s*(?P<unit>d|days?|h|hours?|hrs?|m|min|minutes?)?", re.IGNORECASE | re.ASCII
)
_CLOCK = re.compile(r"(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "": "days"}


@dataclass(frozen=True)
class FreeDays:
    """Late days that cost nothing: each student has a number of them for all homework of a course."""

    each: int | None = None
    """The days of each student; None if only the roster gives days."""
    spent: Mapping[str, int] = field(default_factory=dict)
    """How many were spent on earlier homework, by a student's key or address in lower case."""

    def left(self, student: Student, own: int | None) -> int | None:
        """Return the days that a student has left; `own` is the roster's number, if any. None without free days."""
        days = self.each if own is None else own
        if days is None:
            return None
        names = {name.casefold() for name in (student.key, student.email) if name}
        return max(days - max((self.spent.get(name, 0) for name in names), default=0), 0)


class Deadlines:
    """The due dates and the free days of a class."""

    def __init__(self, due: datetime | None, roster: Roster | None, free: FreeDays | None = None) -> None:
        """Take the class's due date, with a time zone, the roster's times, and the free days.

        Raises UsageError if a time or a number of the roster can't be read, or is relative to nothing.
        """
        self._due = due
        self._free = free or FreeDays()
        self._days: dict[int, int] = {}
        self._own: dict[int, datetime] = {}
        self._submitted: dict[int, datetime] = {}
        for row in roster.rows if roster is not None else ():
            assert roster is not None
            place = f"line {row.lines[0]} of the {roster.name}"
            if row.free:
                self._days[id(row)] = max(parse_days(text, place) for text in row.free)
            dues = [self._time(text, place) for text in row.dues]
            base = max(dues) if dues else due
            if row.extensions:
                if base is None:
                    raise UsageError(f"{place} has an extension of no due date; name that with --due")
                base += max(_length(text, place) for text in row.extensions)
            if base is not None and (dues or row.extensions):
                self._own[id(row)] = base
            # other tables have a column of this name too, so a text there that is no time is no error
            times = [parse_time(text, due.tzinfo if due is not None else None) for text in row.submitted]
            known = [time for time in times if time is not None and time.tzinfo is not None]
            if known:
                self._submitted[id(row)] = max(known)

    def _time(self, text: str, place: str) -> datetime:
        time = parse_time(text, self._due.tzinfo if self._due is not None else None)
        if time is None:
            raise UsageError(f"{place} is due at {shown(text)}, which is no time; write {_EXAMPLE}")
        if time.tzinfo is None:
            raise UsageError(f"{place} is due at {shown(text)}, without a zone; add one, or name it once with --due")
        return time

    def timed(self, hand_in: HandIn, rows: Sequence[Row | None]) -> HandIn:
        """Return a hand-in with its due date, how late it was, and the free days that all its students have.

        `rows` are its students' in the roster, if known.
        """
        pairs = zip(hand_in.students, rows, strict=True)
        left = [self._free.left(student, self._days.get(id(row))) for student, row in pairs]
        if any(days is not None for days in left):
            hand_in = replace(hand_in, free_days=min(days or 0 for days in left))
        dues = [self._due if row is None else self._own.get(id(row), self._due) for row in rows]
        known = [due for due in dues if due is not None]
        due = max(known) if known else None
        submitted = hand_in.submitted
        if submitted is None:
            told = [self._submitted[id(row)] for row in rows if id(row) in self._submitted]
            submitted = max(told) if told else None
        if due is None or submitted is None:
            lateness = timedelta(0) if hand_in.late is False else None
            return replace(hand_in, due=due, submitted=submitted, lateness=lateness)
        # in UTC, because Python subtracts two times of one zone without regard to its summer time
        lateness = max(submitted.astimezone(timezone.utc) - due.astimezone(timezone.utc), timedelta(0))
        return replace(hand_in, due=due, submitted=submitted, lateness=lateness, late=lateness > timedelta(0))


def spend(hand_in: HandIn, late: LatePolicy) -> HandIn:
    """Return a hand-in whose lateness is less by the free days that it needs; each of its students spends them."""
    if hand_in.lateness is None or not hand_in.free_days:
        return hand_in
    spent = min(late.days(hand_in.lateness), hand_in.free_days)
    return replace(hand_in, lateness=max(hand_in.lateness - spent * DAY, timedelta(0)), spent_days=spent)


def parse_due(text: str) -> datetime:
    """Return the time of `--due`; raises UsageError if it isn't one, or has no zone."""
    time = parse_time(text, None)
    if time is None:
        raise UsageError(f"--due {shown(text)} is no date with a time of day; write {_EXAMPLE}")
    if time.tzinfo is None:
        raise UsageError(f"--due {shown(text)} has no zone, and may be anywhere; write {_EXAMPLE}")
    return time


def parse_days(text: str, place: str) -> int:
    """Return the number of free days that a place gives: `--free-days`, or a line of the roster.

    Raises UsageError if it isn't a number.
    """
    if not re.fullmatch(r"\d{1,3}", text.strip(), re.ASCII):
        raise UsageError(f"{place} has {shown(text)} free days; write a whole number")
    return int(text)


def doubt(hand_in: HandIn, dated: bool) -> str:
    """Return why points can't be taken off for lateness, although they may have to be; empty if all is known.

    `dated` says whether there are due dates in this class: without any, that is one fault of the call, not of each
    hand-in.
    """
    if hand_in.lateness is not None:
        return ""
    if hand_in.late:
        fact = "it is marked as late, but nothing says how late"
    elif not dated:
        return ""
    else:
        fact = "nothing says when it was handed in" if hand_in.due is not None else "nothing says when it was due"
    return f"{fact}, so no points were taken off for lateness; see there, and correct its score by hand"


def _length(text: str, place: str) -> timedelta:
    """An extension such as "2 days", "36h", "90 min" or "12:30"; a number alone is days."""
    if clock := _CLOCK.fullmatch(text.strip()):
        return timedelta(hours=int(clock["hours"]), minutes=int(clock["minutes"]), seconds=int(clock["seconds"] or 0))
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{place} has an extension of {shown(text)}; write such as: 2 days, 36 hours, 90 minutes")
    unit = (match["unit"] or "").lower()[:1]
    return timedelta(**{_UNITS[unit]: float(match["number"])})
