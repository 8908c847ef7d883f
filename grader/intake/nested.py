"""Searches archives inside a hand-in for the homework, if none of its files is outside of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from grader.assignment import SubmissionSpec
from grader.errors import SubmissionError
from grader.intake.archives import SUFFIXES, list_archive
from grader.intake.choose import Choice, choose, plain, wanted
from grader.intake.limits import MIB, Budget
from grader.intake.members import Member
from grader.intake.notes import Troubles, each, listed, shown

LEVELS = 2
"""The greatest depth of nested archives that are opened, without the hand-in itself."""
_PACKED = (*SUFFIXES, ".py.gz")
"""Files that are opened; a single file may be packed, too."""
_FOREIGN = (".rar", ".7z", ".zst", ".zipx", ".lzh", ".ace")
"""Archives of other kinds, by name; they are only named to the student."""
_PAPERS = (".pdf", ".md", ".txt", ".rst", ".doc", ".docx", ".odt", ".rtf", ".png", ".jpg", ".jpeg", ".html", ".csv")
_HERE = PurePosixPath()


def search(members: Sequence[Member], spec: SubmissionSpec, required: Sequence[str], budget: Budget) -> Choice:
    """Choose among loose files; if none belongs to the homework, choose from the archive that has most of it.

    Raises:
        SubmissionError: the budget is used up, or a wanted file can't be read.
        InternalError: an archive in a folder can't be read.
    """
    searching = _Search(spec, required, budget)
    choice = searching.among(members, _HERE, LEVELS)
    closed = [] if searching.is_whole(choice) else searching.closed()
    return replace(choice, notes=(*choice.notes, *each(searching.damaged), *closed))


@dataclass(frozen=True)
class _Search:
    """One search, with all archives that it didn't take, by their paths in the hand-in."""

    spec: SubmissionSpec
    required: Sequence[str]
    budget: Budget
    damaged: list[str] = field(default_factory=list)
    """Sentences about archives that can't be read."""
    deep: list[PurePosixPath] = field(default_factory=list)
    """Archives that are inside too many others to be opened."""
    many: list[PurePosixPath] = field(default_factory=list)
    """Archives that weren't opened because so many others were."""
    foreign: list[PurePosixPath] = field(default_factory=list)
    """Archives of kinds that aren't read."""

    def among(self, members: Sequence[Member], place: PurePosixPath, levels: int) -> Choice:
        """Choose among the members of the archive at `place`, and those of `levels` levels of archives inside it."""
        loose = choose(members, self.spec, self.required)
        if place != _HERE:
            said = f"The files were found in the archive {shown(place)}, and taken from there."
            loose = replace(loose, notes=(said, *loose.notes))
        if set(loose.files) & set(self.required) if self.required else self._is_homework(loose):
            return loose
        self.foreign.extend(place / member.path for member in members if member.path.name.lower().endswith(_FOREIGN))
        archives = _archives(members)
        if not levels:
            self.deep.extend(place / member.path for member in archives)
            return loose
        # loose files of the homework, none of them required, are replaced only by an archive with required files
        best: tuple[int, float] = (0, math.inf if self._is_homework(loose) else 0)
        choice = loose
        for number, archive in enumerate(archives):
            if not self.budget.archive():
                self.many.extend(place / member.path for member in archives[number:])
                break
            try:
                with self.budget.half():
                    inner = self._inside(archive, place / archive.path, levels - 1)
            except SubmissionError as error:
                self.damaged.append(f"The archive {shown(place / archive.path)} was not taken: {error}.")
                continue
            merit = (len(set(inner.files) & set(self.required)), len(inner.files))
            if self._is_homework(inner) and merit > best:
                best, choice = merit, _with_outer(inner, archive, members)
                if self.required and self.is_whole(inner):
                    break
        return choice

    def is_whole(self, choice: Choice) -> bool:
        """Whether nothing that is required is missing."""
        return set(self.required) <= set(choice.files) if self.required else self._is_homework(choice)

    def closed(self) -> list[str]:
        """Sentences about the archives that weren't opened."""
        caps = self.budget.caps
        itself = "if your work is in there, hand in that archive itself"
        reasons = (
            (self.deep, "it is too deep inside other archives", itself),
            (self.many, f"only {caps.archives} archives of a hand-in are", itself),
            (self.foreign, "only zip and tar are", "if your work is in there, hand it in as a .zip or .tar.gz"),
        )
        return [f"Not opened, because {why}: {listed(places)}; {step}." for places, why, step in reasons if places]

    def _inside(self, archive: Member, place: PurePosixPath, levels: int) -> Choice:
        """The choice from an archive of the hand-in; `place` is its path, with those of the archives around it."""
        limit = self.budget.caps.archive_bytes
        if archive.size > limit:
            raise SubmissionError(f"it is larger than {limit // MIB} MiB")
        troubles = Troubles()
        members = list_archive(archive.read(), archive.path.name, self.budget, troubles)
        choice = self.among(members, place, levels)
        return replace(choice, notes=(*choice.notes, *troubles.sentences()))

    def _is_homework(self, choice: Choice) -> bool:
        """Whether a chosen file matches more than a bare `*`, or is neither an archive nor a paper."""
        telling = [pattern for pattern in self.spec.files if PurePosixPath(pattern).name != "*"]
        return any(
            wanted(PurePosixPath(name), telling) or not name.lower().endswith((*SUFFIXES, *_PAPERS))
            for name in choice.files
        )


def _with_outer(inner: Choice, archive: Member, members: Sequence[Member]) -> Choice:
    """The choice from one archive among `members`: the others are left out."""
    others = sorted({str(member.path) for member in members} - {str(archive.path)})
    return replace(inner, left_out=(*others, *(f"{archive.path}/{name}" for name in inner.left_out)))


def _archives(members: Sequence[Member]) -> list[Member]:
    """Members named as archives; the likeliest homework is first: not a copy, small, not deep."""
    found = [member for member in {m.path: m for m in members}.values() if member.path.name.lower().endswith(_PACKED)]
    return sorted(found, key=lambda m: (_is_copy(m.path.name), m.size > MIB, len(m.path.parts), str(m.path)))


def _is_copy(name: str) -> bool:
    """Whether an archive's name marks it as a copy, such as `handin (1).tar.gz`."""
    stem = name.lower()
    stem = stem[: -max(len(suffix) for suffix in _PACKED if stem.endswith(suffix))]
    return plain(PurePosixPath(f"{stem}.x")).stem != stem
