"""Recognises a folder or an archive of many hand-ins, where one is meant.

A grading would take the first one's files, and everyone would believe its score.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from grader.assignment import SubmissionSpec
from grader.errors import GraderError, UsageError
from grader.intake.archives import SUFFIXES
from grader.intake.limits import Budget
from grader.intake.notes import Troubles, listed
from grader.intake.sources import opened
from grader.patterns import matches

LEAST = 3
"""Hand-ins that make a crowd: a student may well hand in two versions."""


def demand_one(source: Path, spec: SubmissionSpec, required: Sequence[str], name: str) -> None:
    """Refuse a source that holds several hand-ins; `name` is the assignment's, for the next step.

    Raises:
        UsageError: with the number of hand-ins and the command for all of them.
    """
    if found := crowd(source, spec, required):
        raise UsageError(
            f"{source} holds {len(found)} hand-ins ({listed(found)}), and this command grades one; name one of them, "
            f"or grade them all with: grader class {name} {source} -o RUN"
        )


def crowd(source: Path, spec: SubmissionSpec, required: Sequence[str], least: int = LEAST) -> list[str]:
    """Return the names of the hand-ins that a source holds; none if they are fewer than `least`, or can't be read."""
    own = [file for file in required if not matches(PurePosixPath(file), (*spec.lent, *spec.given))]
    if not own or any(os.path.isfile(source / file) for file in own):
        return []
    try:
        with opened(source, Budget(), Troubles()) as members:
            found = _hand_ins([member.path for member in members], own)
    except GraderError:
        return []  # the grading says what is wrong with it, and with nothing else
    return found if len(found) >= least and not any(spec.is_named(PurePosixPath(entry)) for entry in found) else []


def alike(source: Path) -> list[str]:
    """Return the names of the folders with equal source files, or of the archives, if a source holds nothing else.

    For a suite, which doesn't say what a hand-in has. Fewer than two, or what can't be read, are none.
    """
    try:
        with opened(source, Budget(), Troubles()) as members:
            paths = _unwrapped([member.path for member in members])
    except GraderError:
        return []
    if any(len(path.parts) == 1 for path in paths):
        return sorted(map(str, paths)) if len(paths) > 1 and _archives(paths) else []
    inside: dict[str, set[str]] = {path.parts[0]: set() for path in paths}
    for path in paths:
        if path.suffix in (".py", ".ipynb"):
            inside[path.parts[0]].add("/".join(path.parts[1:]))
    different = {frozenset(files) for files in inside.values()}
    return sorted(inside) if len(inside) > 1 and len(different) == 1 and all(different) else []


def _unwrapped(paths: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """The paths without the folders that hold all of them."""
    paths = [path for path in paths if path.parts]
    while paths and len({path.parts[0] for path in paths}) == 1 and all(len(path.parts) > 1 for path in paths):
        paths = [path.relative_to(path.parts[0]) for path in paths]
    return paths


def _archives(paths: Sequence[PurePosixPath]) -> bool:
    return all(len(path.parts) == 1 and path.name.lower().endswith(tuple(SUFFIXES)) for path in paths)


def _hand_ins(paths: Sequence[PurePosixPath], required: Sequence[str]) -> list[str]:
    """The names of the folders, or of the archives, that hold a hand-in each."""
    paths = _unwrapped(paths)
    names = {str(path) for path in paths}
    if not names.isdisjoint(required):
        return []
    if _archives(paths):
        return sorted(names)
    inside: dict[str, set[str]] = {}
    for path in paths:
        for depth in range(1, len(path.parts)):
            tail = "/".join(path.parts[depth:])
            if tail in required:
                inside.setdefault(path.parts[0], set()).add(tail)
    return sorted(name for name, files in inside.items() if 2 * len(files) >= len(required))
