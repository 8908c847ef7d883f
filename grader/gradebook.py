"""The nouns of a class: students, hand-ins, how each one's grading ended, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from grader.report import Report

Standing = Literal["graded", "not graded", "no submission"]
"""How an entry ended. "not graded" is a fault of ours or of the machine, or waits for a person; it is never a 0."""


@dataclass(frozen=True)
class Student:
    """One person; any field but the key may be empty."""

    key: str
    """The source's name for this student: an e-mail address, a login, a folder's name. Unique in a class."""
    name: str = ""
    email: str = ""
    id: str = ""
    """The number in the university's or the platform's own records, such as a matriculation number or Canvas' ID."""
    canvas: str = ""
    """The user's id in Canvas; empty if nobody says it."""


@dataclass(frozen=True)
class HandIn:
    """What one student, or one group, handed in, before it is graded."""

    key: str
    """Unique in a class; for a single student, that student's key."""
    students: tuple[Student, ...]
    path: Path
    """A folder, an archive or a file, as `intake.take.ingest` takes it."""
    submitted: datetime | None = None
    """The time of the hand-in, with a time zone, if the source says it."""
    due: datetime | None = None
    """When it was due, extensions included; for a group, the latest of its members."""
    lateness: timedelta | None = None
    """How long after the due date; zero if in time, None if nothing says it."""
    free_days: int | None = None
    """The late days that each of its students may still spend; None if this class has none."""
    spent_days: int = 0
    """Those that were spent on this hand-in."""
    late: bool | None = None
    """Whether it was late; a source may say that without saying how late. None if nothing says it."""
    version: str = ""
    """Which of several versions this is, in the source's words; empty if there is only one."""
    others: tuple[str, ...] = ()
    """The versions that aren't graded, in the source's words."""
    notes: tuple[str, ...] = ()
    """Sentences for the instructor about how this hand-in was found."""
    problem: str = ""
    """Why a person must look at it, although it can be graded; empty if nobody must."""


@dataclass(frozen=True)
class Entry:
    """A hand-in and how its grading ended; or a student of the roster who handed in nothing."""

    key: str
    students: tuple[Student, ...]
    standing: Standing
    report: Report | None = None
    """None unless `standing` is "graded"."""
    problem: str = ""
    """Why a person must look at it; empty if nobody must."""
    hand_in: HandIn | None = None


@dataclass(frozen=True)
class ClassList:
    """The content of one source: the hand-ins and their students, before anything is graded."""

    kind: str
    """The kind of source, such as "gradescope"."""
    why: str
    """One sentence: how the kind was recognised."""
    hand_ins: tuple[HandIn, ...]
    """In the order of their keys; each student is in at most one of them."""
    absent: tuple[Student, ...] = ()
    """The students of the roster that no entry of the source belongs to."""
    problems: tuple[Entry, ...] = ()
    """Entries that can't be read or told apart, each with a sentence; they are "not graded", never a 0."""
    notes: tuple[str, ...] = ()
    """Sentences about the source as a whole, such as which of its files aren't hand-ins."""


@dataclass(frozen=True)
class Gradebook:
    """A class's results for one assignment."""

    assignment: str
    title: str
    entries: tuple[Entry, ...]
    """In the order of their keys."""
    complete: bool = True
    """False if the run was stopped before every hand-in was tried."""
    isolation: str = ""
    state: str = ""
    """The digest of all that the scores depend on beside the hand-ins: fixtures, versions, limits, isolation."""
    notes: tuple[str, ...] = ()
    """Sentences about the class as a whole, such as which kind of source this is."""
    by_person: bool = False
    """Whether a person began to give points: from then on, a student who lacks one has no score."""

    @property
    def graded(self) -> tuple[Entry, ...]:
        """The entries that have a report."""
        return tuple(entry for entry in self.entries if entry.report is not None)
