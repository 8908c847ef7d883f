"""Proves an assignment before students see it.

The reference must have all points and the template none; every accepted variant all of them; every known mistake must
lose points in exactly its parts; every mutant of the reference must lose some. All of them are graded through the real
pipeline, in parallel, and what is done is kept, so that an interrupted audit goes on where it was.

A mutant is run on the tests that need its solution region: those that don't pass while that region isn't written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from grader.assignment import Assignment
from grader.authoring.journal import Journal, Outcome
from grader.authoring.mutants import IN_PLACE, Mutant, gaps, mutants
from grader.authoring.pool import changed, held, pool_of
from grader.authoring.template import on_disk
from grader.authoring.variants import Variant, apply_variant, load_equivalents, load_variants
from grader.errors import AssignmentError
from grader.fixtures import Fixtures, digest, load_current
from grader.grade import Progress, run_tests
from grader.intake.take import ingest

Kind = Literal["reference", "template", "accepted", "partial", "mistake", "gap", "mutant"]

KILLED = 0.97
"""The share of mutants that must lose points; every other one must be declared equivalent, with its reason."""
NAMED = 0.95
"""The share of known mistakes that students must be told by their hint."""
SLOWEST = 2.0
"""Seconds that a test of a mutant may take: a mutant that hangs is cut early."""


@dataclass(frozen=True)
class Candidate:
    """One thing that is graded."""

    kind: Kind
    name: str
    files: Mapping[str, str]
    """Changed files of the reference: relative path to text; the template's whole."""
    hint: str = ""
    loses: tuple[str, ...] = ()
    credit: Fraction = Fraction(0)
    """A variant's."""
    mutant: Mutant | None = None

    @property
    def key(self) -> str:
        """What identifies the candidate and its contents in the journal."""
        return digest(json.dumps([self.kind, self.name, self.hint, sorted(self.files.items())]).encode())


@dataclass(frozen=True)
class Graded:
    """A candidate with its outcomes, by test id."""

    candidate: Candidate
    outcomes: Mapping[str, Outcome]

    @property
    def lost(self) -> set[str]:
        """The tests that lost points."""
        return {test for test, outcome in self.outcomes.items() if outcome.lost > 0}


@dataclass(frozen=True)
class Survivor:
    """A mutant that kept all points."""

    mutant: Mutant
    reason: str
    """Why it is equivalent, where the instructor declared that; else empty."""


@dataclass(frozen=True)
class Audit:
    """What the audit found."""

    assignment: Assignment
    fixtures: Fixtures
    graded: tuple[Graded, ...]
    survivors: tuple[Survivor, ...]
    failures: tuple[str, ...]
    """Expectations that don't hold, as sentences; empty where the assignment is proven."""
    seconds: float

    def of(self, kind: Kind) -> list[Graded]:
        """Return the graded candidates of one kind; in-place changes aren't mutants to kill."""
        return [
            item
            for item in self.graded
            if item.candidate.kind == kind
            and not (item.candidate.mutant is not None and item.candidate.mutant.kind == IN_PLACE)
        ]

    @property
    def in_place_lost(self) -> list[Graded]:
        """In-place changes that lose points: often a test that is unfair to an honest way of writing."""
        return [
            item
            for item in self.graded
            if item.candidate.mutant is not None and item.candidate.mutant.kind == IN_PLACE and item.lost
        ]

    def kills(self) -> dict[str, int]:
        """Return how many mutants and mistakes each test of the assignment catches."""
        wrong = [*self.of("mutant"), *self.of("mistake")]
        return {test.id: sum(test.id in item.lost for item in wrong) for test in self.fixtures.tests}

    def dead_tests(self) -> list[str]:
        """Return tests with points that nothing makes fail."""
        kills = self.kills()
        return [test.id for test in self.fixtures.tests if test.points and not kills[test.id]]

    def redundant_tests(self) -> list[str]:
        """Return tests with points that never fail alone: what they catch, others catch too."""
        wrong = [*self.of("mutant"), *self.of("mistake")]
        alone = {next(iter(item.lost)) for item in wrong if len(item.lost) == 1}
        dead = set(self.dead_tests())
        return [test.id for test in self.fixtures.tests if test.points and test.id not in alone | dead]


def audit(assignment: Assignment, *, journal: Path, jobs: int = 1, progress: Progress | None = None) -> Audit:
    """Grade everything and compare with what must hold.

    Args:
        assignment: with current fixtures.
        journal: a file of what is done; read first, then added to.
        jobs: processes that grade.
        progress: told about each candidate that is done.
    """
    start = time.monotonic()
    fixtures = load_current(assignment)
    variants = load_variants(assignment)
    candidates = list(_candidates(assignment, variants))
    with pool_of(assignment, jobs, fixtures) as pool:
        graded = _Grading(pool, assignment, fixtures, journal).grade_all(candidates, progress)
    equivalents = load_equivalents(assignment)
    survivors = []
    for item in graded:
        mutant = item.candidate.mutant
        if mutant is not None and mutant.kind != IN_PLACE and not item.lost:
            reasons = [entry.reason for entry in equivalents if entry.matches(mutant.file, mutant.before, mutant.after)]
            survivors.append(Survivor(mutant, reasons[0] if reasons else ""))
    unproven = Audit(assignment, fixtures, tuple(graded), tuple(survivors), (), 0.0)
    failures = tuple(_failures(unproven))
    return Audit(assignment, fixtures, tuple(graded), tuple(survivors), failures, time.monotonic() - start)


def _candidates(assignment: Assignment, variants: Sequence[Variant]) -> Iterator[Candidate]:
    yield Candidate("reference", "reference", {})
    if not assignment.template.is_dir():
        raise AssignmentError(
            assignment.template, None, f"there is no template; run: grader template {assignment.name}"
        )
    yield Candidate("template", "template", on_disk(assignment))
    for variant in variants:
        kind: Kind = "mistake" if variant.credit == 0 else "accepted" if variant.credit == 1 else "partial"
        files = apply_variant(assignment, variant)
        yield Candidate(kind, variant.name, files, variant.hint, variant.loses, variant.credit)
    found = mutants(assignment)
    for gap in gaps(assignment, found):
        yield Candidate("gap", _gap_name(gap.file, gap.region), {gap.file: gap.text})
    for mutant in found:
        yield Candidate("mutant", mutant.name, {mutant.file: mutant.text}, mutant=mutant)


def _gap_name(file: str, region: int) -> str:
    return f"{file}:{region} not written"


UNTOUCHED = Outcome("passed", 0.0, named=False)
"""What a test says about a mutant that it never runs into."""


class _Grading:
    """Grades in a pool what the journal doesn't have yet."""

    def __init__(self, pool: ProcessPoolExecutor, assignment: Assignment, fixtures: Fixtures, journal: Path) -> None:
        self.pool = pool
        self.limit = assignment.limits.test_seconds
        self.journal = Journal(journal, assignment, fixtures)
        self.tests = tuple(test.id for test in fixtures.tests)
        self.done = 0

    def grade_all(self, candidates: Sequence[Candidate], progress: Progress | None) -> list[Graded]:
        """Grade what isn't in the journal: the gaps first, which say what tests a mutant needs, and variants last."""
        mutants = [candidate for candidate in candidates if candidate.mutant is not None]
        variants = [candidate for candidate in candidates if candidate.kind in ("accepted", "partial", "mistake")]
        first = [candidate for candidate in candidates if candidate not in mutants and candidate not in variants]
        self._grade([(candidate, self.tests) for candidate in first], len(candidates), progress)
        needed = {
            candidate.name: tuple(test for test in self.tests if self.outcome(candidate, test).status != "passed")
            for candidate in first
            if candidate.kind == "gap"
        }
        tasks = [(item, needed[_gap_name(item.mutant.file, item.mutant.region)]) for item in mutants if item.mutant]
        tasks += [(candidate, self.tests) for candidate in variants]
        self._grade(tasks, len(candidates), progress)
        return [Graded(item, {test: self.outcome(item, test) for test in self.tests}) for item in candidates]

    def outcome(self, candidate: Candidate, test: str) -> Outcome:
        return self.journal.outcomes(candidate.key).get(test, UNTOUCHED)

    def _grade(self, tasks: Sequence[tuple[Candidate, Sequence[str]]], total: int, progress: Progress | None) -> None:
        futures = {}
        for candidate, tests in tasks:
            done = self.journal.outcomes(candidate.key)
            missing = tuple(test for test in tests if test not in done)
            if missing:
                # only a mutant may hang; everything else has its full time, however busy the machine is
                seconds = min(SLOWEST, self.limit) if candidate.kind == "mutant" else self.limit
                futures[self.pool.submit(_grade_one, candidate, missing, seconds)] = candidate
        self.done += len(tasks) - len(futures)
        for future in as_completed(futures):
            candidate = futures[future]
            self.done += 1
            self.journal.add(candidate.key, future.result(), mistake=candidate.kind == "mistake")
            if progress is not None:
                progress(self.done, total, candidate.name)


def _grade_one(candidate: Candidate, tests: tuple[str, ...], seconds: float) -> dict[str, Outcome]:
    worker, fixtures = held()
    assignment = worker.assignment = worker.assignment.with_limits(test_seconds=seconds, total_seconds=600)
    source = changed(worker, candidate.files, alone=candidate.kind == "template")
    worker.empty_submission()
    ingest(source.resolve(), assignment.submission, fixtures.required, worker.submission)
    worker.wait_ready()
    wanted = replace(fixtures, tests=tuple(test for test in fixtures.tests if test.id in tests))
    return {
        result.id: Outcome(
            result.status,
            float(result.max_score - result.score) if result.max_score else 0.0,
            bool(candidate.hint) and candidate.hint in (result.hint, result.message),
        )
        for result in run_tests(worker, wanted)
    }


def _failures(found: Audit) -> Iterator[str]:
    """The expectations that don't hold."""
    (reference,) = found.of("reference")
    for test in sorted(reference.lost):
        yield f"the reference loses points in {test}"
    (template,) = found.of("template")
    for test, outcome in template.outcomes.items():
        if outcome.status != "missing":
            yield f"the template should be 'missing' in {test}, and is '{outcome.status}'"
    for item in found.of("accepted"):
        for test in sorted(item.lost):
            yield f"the accepted variant '{item.candidate.name}' loses points in {test}"
    for item in found.of("partial"):
        yield from _uneven(item, found.fixtures)
    part_of = {test.id: test.part for test in found.fixtures.tests}
    mistakes = found.of("mistake")
    for item in mistakes:
        parts = {part_of[test] for test in item.lost}
        if parts != set(item.candidate.loses):
            yield (
                f"the known mistake '{item.candidate.name}' loses points in {_list(parts)}, "
                f"and should in {_list(item.candidate.loses)}"
            )
    named = sum(any(outcome.named for outcome in item.outcomes.values()) for item in mistakes)
    if named < NAMED * len(mistakes):
        yield f"{named} of {len(mistakes)} known mistakes are named to the student; {NAMED:.0%} should be"
    for survivor in found.survivors:
        if not survivor.reason:
            yield f"a mutant survives: {survivor.mutant.name}"
    total = len(found.of("mutant"))
    if total and total - len(found.survivors) < KILLED * total:
        yield f"{total - len(found.survivors)} of {total} mutants are killed; {KILLED:.0%} should be"
    for test in found.dead_tests():
        yield f"nothing makes {test} fail: no mutant and no known mistake"


def _uneven(item: Graded, fixtures: Fixtures) -> Iterator[str]:
    """Where a variant with partial credit loses more of a test's points than that, or nothing at all.

    It may lose less: a test whose checks have points of their own counts those that are right.
    """
    name, credit = item.candidate.name, item.candidate.credit
    if not item.lost:
        yield f"the variant '{name}' has credit {float(credit):g}, and loses points in no test"
    for test in fixtures.tests:
        lost = item.outcomes[test.id].lost
        if lost > test.points * (1 - credit) + 1e-9:
            yield f"the variant '{name}' has credit {float(credit):g}, and loses {lost:g} of the points of {test.id}"


def _list(parts: Collection[str]) -> str:
    return ", ".join(sorted(parts)) or "no part"


def summary(found: Audit) -> list[str]:
    """Return the audit's result in a few lines."""
    mistakes, total = found.of("mistake"), len(found.of("mutant"))
    caught = sum(bool(item.lost) for item in mistakes)
    named = sum(any(outcome.named for outcome in item.outcomes.values()) for item in mistakes)
    accepted, partial = found.of("accepted"), found.of("partial")
    points = Fraction(sum(test.points for test in found.fixtures.tests))
    return [
        f"{found.assignment.name}: {'proven' if not found.failures else 'NOT proven'} in {found.seconds:.0f} s, "
        f"{len(found.fixtures.tests)} tests, {float(points):g} points",
        f"accepted variants with full marks: {sum(not item.lost for item in accepted)} of {len(accepted)}"
        + (f"; variants with partial credit: {len(partial)}" if partial else ""),
        f"known mistakes caught: {caught} of {len(mistakes)}; named to the student: {named}",
        f"mutants killed: {total - len(found.survivors)} of {total}; "
        f"declared equivalent: {sum(bool(item.reason) for item in found.survivors)}; "
        f"open survivors: {sum(not item.reason for item in found.survivors)}",
    ]
