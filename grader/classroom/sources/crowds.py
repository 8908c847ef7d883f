"""Sorts out the entries of a class that hold several students' hand-ins, such as another download among the folders.

Graded as one student's, such an entry would give one of them a row, and the others none.
"""

from __future__ import annotations

from dataclasses import replace

from grader.assignment import SubmissionSpec
from grader.errors import UsageError
from grader.gradebook import ClassList, Entry, HandIn
from grader.intake.crowd import crowd
from grader.intake.notes import listed, shown

SURELY = 5
"""An entry of so many hand-ins is no student's. One of fewer, among others, may hold versions of one student's work."""


def without_crowds(found: ClassList, spec: SubmissionSpec, required: tuple[str, ...], name: str) -> ClassList:
    """Return the class with each entry of several hand-ins as a problem that a person must look at.

    Args:
        found: who handed in what.
        spec: which files a hand-in has.
        required: the paths that a complete submission has.
        name: the assignment's, for the next step.

    Raises UsageError if no entry is one student's, as in the folder above the downloads of a term.
    """
    crowds = [(hand_in, held) for hand_in in found.hand_ins if (held := crowd(hand_in.path, spec, required))]
    if crowds and len(crowds) == len(found.hand_ins):
        path, held = crowds[0][0].path, crowds[0][1]
        others = ", and so do the others beside it" if len(crowds) > 1 else ""
        raise UsageError(
            f"{path} isn't one student's: it holds {len(held)} hand-ins ({listed(held)}){others}; grade one such "
            f"folder at a time: grader class {name} {path} -o RUN"
        )
    apart = {hand_in.key: _entry(hand_in, held, name) for hand_in, held in crowds if len(held) >= SURELY}
    return replace(
        found,
        hand_ins=tuple(hand_in for hand_in in found.hand_ins if hand_in.key not in apart),
        problems=tuple(sorted((*found.problems, *apart.values()), key=lambda entry: entry.key)),
    )


def _entry(hand_in: HandIn, held: list[str], name: str) -> Entry:
    place = shown(hand_in.path.name)
    sentence = (
        f"{place} isn't one student's: it holds {len(held)} hand-ins ({listed(held)}); if they are a class, grade them "
        f"with a run of their own: grader class {name} {place} -o RUN. A person must look at it"
    )
    return Entry(hand_in.key, hand_in.students, "not graded", problem=sentence)
