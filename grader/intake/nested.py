"""Searches archives inside a hand-in for the homework, if none of its files is outside of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from grader.assignment import SubmissionSpec
from grader.errors import SubmissionError
from grader.intake.archives import SUFFIXES, list_archive
from grader.intake.choose import Choice, choose, plain, wanted
from grader.intake.limits import MIB, Budget
from grader.intake.members import Member
from grader.intake.notes import Troubles, each, shown

LEVELS = 2
"""The greatest depth of nested archives that are opened, without the hand-in itself."""
_PAPERS = (".pdf", ".md", ".txt", ".rst", ".doc", ".docx", ".odt", ".rtf", ".png", ".jpg", ".jpeg", ".html", ".csv")


def search(
    members: Sequence[Member],
    spec: SubmissionSpec,
    required: Sequence[str],
    budget: Budget,
    troubles: Troubles,
    levels: int = LEVELS,
) -> Choice:
    """Choose among loose files; if none belongs to the homework, choose from the archive that has most of it.

    Raises:
        SubmissionError: the budget is used up, or a wanted file can't be read.
        InternalError: an archive in a folder can't be read.
    """
    loose = choose(members, spec, required)
    done = bool(set(loose.files) & set(required)) if required else _is_homework(loose, spec)
    archives = _archives(members) if levels and not done else []
    # loose files of the homework, none of them required, are replaced only by an archive with required files
    best: tuple[int, float] = (0, math.inf if _is_homework(loose, spec) else 0)
    choice, failures = loose, []
    for member in archives:
        if not budget.archive():
            break
        own = Troubles()
        try:
            with budget.half():
                inner = _inner(member, spec, required, budget, own, levels - 1)
        except SubmissionError as error:
            failures.append(f"The archive {shown(member.path)} was not taken: {error}.")
            continue
        merit = (len(set(inner.files) & set(required)), len(inner.files))
        if _is_homework(inner, spec) and merit > best:
            best, choice = merit, _inside(member, inner, own, members)
            if required and merit[0] == len(set(required)):
                break
    return replace(choice, notes=(*choice.notes, *each(failures)))


def _archives(members: Sequence[Member]) -> list[Member]:
    """Members named as archives; the likeliest homework is first: not a copy, small, not deep."""
    found = [member for member in {m.path: m for m in members}.values() if member.path.name.lower().endswith(SUFFIXES)]
    return sorted(found, key=lambda m: (_is_copy(m.path.name), m.size > MIB, len(m.path.parts), str(m.path)))


def _is_copy(name: str) -> bool:
    """Whether an archive's name marks it as a copy, such as `handin (1).tar.gz`."""
    stem = name.lower()
    stem = stem[: -max(len(suffix) for suffix in SUFFIXES if stem.endswith(suffix))]
    return plain(PurePosixPath(f"{stem}.x")).stem != stem


def _is_homework(choice: Choice, spec: SubmissionSpec) -> bool:
    """Whether a chosen file matches more than a bare `*`, or is neither an archive nor a paper."""
    telling = [pattern for pattern in spec.files if PurePosixPath(pattern).name != "*"]
    return any(
        wanted(PurePosixPath(name), telling) or not name.lower().endswith((*SUFFIXES, *_PAPERS))
        for name in choice.files
    )


def _inner(
    member: Member, spec: SubmissionSpec, required: Sequence[str], budget: Budget, troubles: Troubles, levels: int
) -> Choice:
    if member.size > budget.caps.archive_bytes:
        raise SubmissionError(f"it is larger than {budget.caps.archive_bytes // MIB} MiB")
    data = member.read()
    inner = list_archive(data, member.path.name, budget, troubles)
    return search(inner, spec, required, budget, troubles, levels)


def _inside(archive: Member, inner: Choice, troubles: Troubles, members: Sequence[Member]) -> Choice:
    """The inner choice, with the paths and notes of the whole hand-in."""
    outside = {str(member.path) for member in members} - {str(archive.path)}
    return Choice(
        files=inner.files,
        left_out=(*sorted(outside), *(f"{archive.path}/{name}" for name in inner.left_out)),
        notes=(
            f"The files were found in the archive {shown(archive.path)}, and taken from there.",
            *inner.notes,
            *troubles.sentences(),
        ),
    )
