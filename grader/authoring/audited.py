"""The nouns of an audit: a candidate, how its grading ended, and the findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from grader.assignment import Assignment
from grader.authoring.edits import IN_PLACE
from grader.authoring.journal import Outcome
from grader.authoring.mutants import Mutant
from grader.fixtures import Fixtures, digest

Kind = Literal[
    "reference", "template", "stub", "borrowed", "rewrite", "accepted", "partial", "mistake", "gap", "mutant"
]
ALONE: Final = ("template", "stub", "borrowed")
"""Kinds whose files are the whole submission; the files of other kinds replace those of the reference."""

BOTH_WAYS: Final = ("reference", "template", "accepted", "partial", "mistake")
"""Kinds that are graded by the schedule and once more with each test alone."""


@dataclass(frozen=True)
class Candidate:
    """One thing that is graded."""

    kind: Kind
    name: str
    files: Mapping[str, str]
    """Relative path to text: the changed files of the reference, or all files for a kind in `ALONE`."""
    hint: str = ""
    loses: tuple[str, ...] = ()
    credit: Fraction = Fraction(0)
    """The credit of a variant."""
    mutant: Mutant | None = None

    @property
    def key(self) -> str:
        """The journal's key for the candidate and its contents."""
        return digest(json.dumps([self.kind, self.name, self.hint, sorted(self.files.items())]).encode())


@dataclass(frozen=True)
class Graded:
    """A candidate with its outcomes, by test id."""

    candidate: Candidate
    outcomes: Mapping[str, Outcome]

    @property
    def named(self) -> bool:
        """Whether the student reads what the mistake is: by the variant's own hint, or by one that the judge makes."""
        return any(outcome.named or outcome.hint for outcome in self.outcomes.values())

    @property
    def unnamed(self) -> str:
        """Why no student reads a hint about this mistake, and what to do."""
        if not self.lost:
            return "no test loses points by it, so there is no failure that could show the hint; see the tests"
        return (
            f"{', '.join(sorted(self.lost))} fails, and its values are those of no variant's recording; a test that is "
            "cut short (by an exception, a time limit or an assert) has none: check a value before that point"
        )

    @property
    def lost(self) -> set[str]:
        """The tests that lost points."""
        return {test for test, outcome in self.outcomes.items() if outcome.lost > 0}

    def earned(self, fixtures: Fixtures) -> dict[str, float]:
        """Return the points of each test that earned some."""
        points = {test.id: float(test.points) - self.outcomes[test.id].lost for test in fixtures.tests}
        return {test: value for test, value in points.items() if value > 1e-9}


@dataclass(frozen=True)
class Nearest:
    """The value by which a mutant differs most from the reference."""

    test: str
    check: str
    difference: float
    """The greatest difference of an element, relative to the greatest expected one."""


@dataclass(frozen=True)
class Survivor:
    """A mutant that kept all points."""

    mutant: Mutant
    reason: str
    """Why it is equivalent, if the instructor declared that; else empty."""
    nearest: Nearest | None = None
    """Where a stricter test would find it; None if no value of any test differs, or if it is declared equivalent."""

    @property
    def advice(self) -> str:
        """The difference that a new test would have to see."""
        if self.nearest is None:
            return "no value of any test differs by it: no test sees this line's effect"
        near = self.nearest
        return f"nearest is check '{near.check}' of {near.test}, which differs by {near.difference:.1g} of its scale"


@dataclass(frozen=True)
class Audit:
    """The findings of an audit."""

    assignment: Assignment
    fixtures: Fixtures
    graded: tuple[Graded, ...]
    survivors: tuple[Survivor, ...]
    failures: tuple[str, ...]
    """Expectations that don't hold, as sentences; empty if the assignment is proven."""
    replayed: Mapping[str, Fraction]
    """Test to the points that the values in the handout earn; empty where the law holds."""
    handout: str
    """Why the handout is refused: it would show a hidden test or a solution, or doesn't work; else empty."""
    seconds: float
    demands: Mapping[str, str]
    """Honest rewrites that the handout rules out, with the reason."""

    def of(self, kind: Kind) -> list[Graded]:
        """Return the graded candidates of one kind, without in-place changes: those needn't be killed."""
        return [
            item
            for item in self.graded
            if item.candidate.kind == kind
            and not (item.candidate.mutant is not None and item.candidate.mutant.kind == IN_PLACE)
        ]

    @property
    def killed(self) -> tuple[int, int]:
        """Return how many mutants lose points, and of how many; those declared equivalent belong to neither."""
        total = len(self.of("mutant")) - sum(bool(item.reason) for item in self.survivors)
        return total - sum(not item.reason for item in self.survivors), total

    @property
    def in_place_lost(self) -> list[Graded]:
        """In-place changes that lose points: often a test that is unfair to an honest way of writing."""
        return [
            item
            for item in self.graded
            if item.candidate.mutant is not None and item.candidate.mutant.kind == IN_PLACE and item.lost
        ]

    def unfair_rewrites(self) -> list[Graded]:
        """Return the honest rewrites that lose points and that the handout doesn't rule out."""
        return [item for item in self.of("rewrite") if item.lost and item.candidate.name not in self.demands]

    def unfair(self) -> dict[str, list[str]]:
        """Return the tests that give points beside other tests which they don't give alone, with the candidates."""
        found: dict[str, list[str]] = {}
        for item in self.graded:
            for test, outcome in item.outcomes.items():
                if outcome.unfair > 0:
                    found.setdefault(test, []).append(item.candidate.name)
        return found

    def kills(self) -> dict[str, int]:
        """Return how many mutants and mistakes each test of the assignment catches."""
        wrong = [*self.of("mutant"), *self.of("mistake")]
        return {test.id: sum(test.id in item.lost for item in wrong) for test in self.fixtures.tests}

    def dead_tests(self) -> list[str]:
        """Return the tests with points that pass for every mutant and every mistake."""
        kills = self.kills()
        return [test.id for test in self.fixtures.tests if test.points and not kills[test.id]]

    def redundant_tests(self) -> list[str]:
        """Return the tests with points that never fail alone: other tests catch the same candidates."""
        wrong = [*self.of("mutant"), *self.of("mistake")]
        alone = {next(iter(item.lost)) for item in wrong if len(item.lost) == 1}
        dead = set(self.dead_tests())
        return [test.id for test in self.fixtures.tests if test.points and test.id not in alone | dead]
