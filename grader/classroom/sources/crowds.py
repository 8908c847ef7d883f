"""Sorts out the entries of a class that hold several students' hand-ins, such as another download among the folders.

Graded as one student's, such an entry would give one of them a row, and the others none.
"""

from __future__ import annotations

from dataclasses import replace

from grader.assignment import SubmissionSpec
from grader.errors import UsageError
from grader.gradebook import ClassList, Entry, HandIn
from grader.intake.crowd import LEAST, alike, crowd
from grader.intake.notes import listed, shown

SURELY = 5
"""An entry of so many hand-ins is no student's. One of fewer, among others, may hold versions of one student's work."""
SEVERAL = 2
"""Of so many, one is graded, and a person must look at it."""


def without_crowds(found: ClassList, spec: SubmissionSpec, required: tuple[str, ...], name: str) -> ClassList:
    """Return the class with each entry of several hand-ins as a problem that a person must look at.

    Args:
        found: who handed in what.
        spec: which files a hand-in has.
        required: the paths that a complete submission has.
        name: the assignment's, for the next step.

    Raises UsageError if no entry is one student's, as in the folder above the downloads of a term.
    """
    held_by = {hand_in.key: crowd(hand_in.path, spec, required, SEVERAL) for hand_in in found.hand_ins}
    crowds = [hand_in for hand_in in found.hand_ins if len(held_by[hand_in.key]) >= LEAST]
    if crowds and len(crowds) == len(found.hand_ins):
        path, held = crowds[0].path, held_by[crowds[0].key]
        others = ", and so do the others beside it" if len(crowds) > 1 else ""
        raise UsageError(
            f"{path} isn't one student's: it holds {len(held)} hand-ins ({listed(held)}){others}; grade one such "
            f"folder at a time: grader class {name} {path} -o RUN"
        )
    apart = {one.key: _entry(one, held_by[one.key], name) for one in crowds if len(held_by[one.key]) >= SURELY}
    return replace(
        found,
        hand_ins=tuple(_told(one, held_by[one.key]) for one in found.hand_ins if one.key not in apart),
        problems=tuple(sorted((*found.problems, *apart.values()), key=lambda entry: entry.key)),
    )


def with_doubts(found: ClassList) -> ClassList:
    """Return the class of a suite, with a sentence for a person at each entry that may hold several hand-ins."""
    return replace(found, hand_ins=tuple(_told(one, alike(one.path)) for one in found.hand_ins))


def _told(hand_in: HandIn, held: list[str]) -> HandIn:
    """The hand-in, with a sentence for a person if it holds several."""
    if not held:
        return hand_in
    sentence = (
        f"{shown(hand_in.path.name)} holds {len(held)} hand-ins ({listed(held)}), and at most one of them was "
        "graded; if they are several students', give each an entry of its own"
    )
    return replace(hand_in, problem="; ".join(filter(None, (hand_in.problem, sentence))))


def _entry(hand_in: HandIn, held: list[str], name: str) -> Entry:
    place = shown(hand_in.path.name)
    sentence = (
        f"{place} isn't one student's: it holds {len(held)} hand-ins ({listed(held)}); if they are a class, grade them "
        f"with a run of their own: grader class {name} {place} -o RUN. A person must look at it"
    )
    return Entry(hand_in.key, hand_in.students, "not graded", problem=sentence)
