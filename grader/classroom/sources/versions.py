"""Decides which of several hand-ins of one student counts; each student of a group is decided separately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from grader.classroom.sources.found import Found
from grader.errors import UsageError
from grader.gradebook import Student
from grader.intake.notes import listed

Pick = Literal["latest", "highest", "error"]
"""The latest by time, then by number; the highest by number, then by time; or an error if there are several."""


@dataclass(frozen=True)
class Owned:
    """A version of a hand-in, with the persons who handed it in."""

    found: Found
    students: dict[str, Student]
    """By person: what is equal for two students who are one."""


@dataclass(frozen=True)
class Chosen:
    """A version that counts for at least one person."""

    found: Found
    students: tuple[Student, ...]
    others: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Undecided:
    """A person with several hand-ins of which none can be called the newest."""

    student: Student
    sentence: str


def choose_versions(owned: Sequence[Owned], pick: Pick) -> tuple[list[Chosen], list[Undecided]]:
    """Return what counts, and who has hand-ins that nobody can order.

    Raises:
        UsageError: `pick` is "error", and somebody has several.
    """
    candidates: dict[str, list[Owned]] = {}
    for one in owned:
        for person in one.students:
            candidates.setdefault(person, []).append(one)
    several = {person: versions for person, versions in candidates.items() if len(versions) > 1}
    if several and pick == "error":
        who = listed(sorted(versions[0].students[person].key for person, versions in several.items()))
        raise UsageError(f"these students have several hand-ins: {who}; choose with --pick latest or --pick highest")
    best = {person: _best(versions, pick) for person, versions in candidates.items()}
    undecided = [
        Undecided(several[person][0].students[person], _undecided(several[person], person))
        for person, version in best.items()
        if version is None
    ]
    chosen = []
    for one in owned:
        mine = [person for person in one.students if best[person] is one]
        if mine:
            losers = {id(loser): loser for person in mine for loser in candidates[person] if loser is not one}
            labels = [_label(loser.found) for loser in losers.values()]
            gone = [one.students[person].key for person in one.students if best[person] is not one]
            notes = [f"It doesn't count for {listed(gone)}, who handed in something else too."] if gone else []
            students = tuple(one.students[person] for person in mine)
            chosen.append(Chosen(one.found, students, (*one.found.others, *labels), tuple(notes)))
    return chosen, undecided


def _best(versions: Sequence[Owned], pick: Pick) -> Owned | None:
    """The version that is newer than each other one; None if there is none."""
    best = reduce(lambda one, other: other if _newer(other.found, one.found, pick) else one, versions)
    return best if all(one is best or _newer(best.found, one.found, pick) for one in versions) else None


def _newer(one: Found, other: Found, pick: Pick) -> bool:
    """Whether one version is newer, by the first fact that both have and that differs."""
    times, numbers = (one.submitted, other.submitted), (one.number, other.number)
    for mine, yours in (numbers, times) if pick == "highest" else (times, numbers):
        if mine is not None and yours is not None and mine != yours:
            return bool(mine > yours)  # type: ignore[operator]  # both are times, or both are numbers
    return False


def _label(found: Found) -> str:
    return found.version or found.name


def _undecided(versions: Sequence[Owned], person: str) -> str:
    names = listed(
        [f"{one.found.name} of {one.found.submitted}" if one.found.submitted else one.found.name for one in versions]
    )
    return (
        f"{versions[0].students[person].key} has several hand-ins ({names}), and nothing says which is the newest; "
        "remove all but one"
    )
