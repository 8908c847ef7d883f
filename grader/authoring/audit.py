"""Proves an assignment before students see it.

The reference, every accepted variant and every honest rewrite must earn all points, and the template none. Every known
mistake must lose points in exactly its parts, and no test may give points beside other tests that it doesn't give
alone. Every mutant of the reference must lose some points. Nothing that students have may earn points: the values of
the public recording, trivial stubs, the names of the tests' own modules. All of them are graded through the real
pipeline, in parallel. A journal keeps the results, so that an interrupted audit can continue.

A mutant is run on the tests that need its solution region: those that fail while that region is empty.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from grader.assignment import Assignment
from grader.authoring.audited import ALONE, BOTH_WAYS, Audit, Candidate, Graded, Kind, Nearest, Survivor
from grader.authoring.edits import IN_PLACE
from grader.authoring.expectations import failures
from grader.authoring.handout import refusal
from grader.authoring.journal import Journal, Outcome
from grader.authoring.mutants import gaps, mutants
from grader.authoring.record_reference import fill
from grader.authoring.rewrites import rewrites
from grader.authoring.template import on_disk
from grader.authoring.unearned import borrowed, stubs
from grader.authoring.variants import (
    Variant,
    apply_variant,
    load_demands,
    load_equivalents,
    load_variants,
    write_changed,
)
from grader.errors import AssignmentError
from grader.fixtures import PUBLIC, Fixtures, load_current
from grader.grade import grade_in
from grader.judge.score import replayed
from grader.questions import read_questions
from grader.sandbox.pool import Pool
from grader.sandbox.worker import Worker
from grader.schedule import Progress

SLOWEST = 2.0
"""Seconds that a test of a mutant may take: a mutant that hangs is cut early."""


def audit(assignment: Assignment, *, journal: Path, jobs: int = 1, progress: Progress | None = None) -> Audit:
    """Grade all candidates and compare the results with the expectations.

    Args:
        assignment: with current fixtures.
        journal: the file of results so far; it is read first, then appended to.
        jobs: processes that grade.
        progress: called for each candidate that is graded.
    """
    start = time.monotonic()
    fixtures = load_current(assignment)
    variants = load_variants(assignment)
    candidates = list(_candidates(assignment, variants))
    with Pool(jobs, partial(_grader, assignment, fixtures)) as pool:
        graded = _Grading(pool, assignment, fixtures, journal).grade_all(candidates, progress)
        survivors = list(_survivors(pool, assignment, graded))
    points = _replayed(load_current(assignment, PUBLIC), fixtures)
    demands = load_demands(assignment)
    unproven = Audit(
        assignment, fixtures, tuple(graded), tuple(survivors), (), points, refusal(assignment), 0.0, demands
    )
    return replace(unproven, failures=tuple(failures(unproven)), seconds=time.monotonic() - start)


def _survivors(pool: Pool[_Grader], assignment: Assignment, graded: Sequence[Graded]) -> Iterator[Survivor]:
    """The mutants that kept all points; for an open one, the value that comes nearest to finding it."""
    equivalents = load_equivalents(assignment)
    for item in graded:
        mutant = item.candidate.mutant
        if mutant is not None and mutant.kind != IN_PLACE and not item.lost:
            reasons = [entry.reason for entry in equivalents if entry.matches(mutant.file, mutant.before, mutant.after)]
            nearest = None if reasons else pool.submit(_nearest, {mutant.file: mutant.text}).result()
            yield Survivor(mutant, reasons[0] if reasons else "", nearest)


def _nearest(grader: _Grader, files: Mapping[str, str]) -> Nearest | None:
    fill(grader.worker, write_changed(grader.worker, files).resolve())
    found: Nearest | None = None
    for test in grader.fixtures.tests:
        expected = {item.name: item.values["actual"].array for item in test.expected}
        for item in grader.worker.run(test.id).observations:
            one, other = expected.get(item.name), item.values["actual"].array
            if one is None or other is None or one.shape != other.shape or not one.size:
                continue
            scale = float(np.max(np.abs(one))) or 1.0
            difference = float(np.max(np.abs(one.astype(complex) - other.astype(complex)))) / scale
            if difference > 0 and (found is None or difference > found.difference):
                found = Nearest(test.id, item.name, difference)
    return found


def _replayed(public: Fixtures, graded: Fixtures) -> dict[str, Fraction]:
    """Return the points that a submission gets in each test if it answers with the values of the handout."""
    known = {test.id: test for test in public.tests}
    points = {
        test.id: replayed(known[test.id], test, graded.alternatives.get(test.id, ()))
        for test in graded.tests
        if test.id in known
    }
    return {test: value for test, value in points.items() if value}


def _candidates(assignment: Assignment, variants: Sequence[Variant]) -> Iterator[Candidate]:
    yield Candidate("reference", "reference", {})
    if not assignment.template.is_dir():
        raise AssignmentError(
            assignment.template, None, f"there is no template; run: grader template {assignment.name}"
        )
    template = on_disk(assignment)
    yield Candidate("template", "template", template)
    for name, files in stubs(template):
        yield Candidate("stub", name, files)
    for name, files in borrowed(assignment, template):
        yield Candidate("borrowed", name, files)
    for name, files in rewrites(assignment):
        yield Candidate("rewrite", name, files)
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
"""The outcome of a test that doesn't run the mutant's code."""


class _Grading:
    """Grades the candidates that aren't in the journal yet, in a pool."""

    def __init__(self, pool: Pool[_Grader], assignment: Assignment, fixtures: Fixtures, journal: Path) -> None:
        self.pool = pool
        self.limit = assignment.limits.test_seconds
        self.journal = Journal(journal, assignment, fixtures)
        self.tests = tuple(test.id for test in fixtures.tests)
        self.done = 0

    def grade_all(self, candidates: Sequence[Candidate], progress: Progress | None) -> list[Graded]:
        """Grade what isn't in the journal: first gaps, to find which tests a mutant needs; variants last."""
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
                # only a mutant is likely to hang; all others get their full time, because the machine may be busy
                seconds = min(SLOWEST, self.limit) if candidate.kind == "mutant" else self.limit
                futures[self.pool.submit(_grade_one, candidate, missing, seconds)] = candidate
        self.done += len(tasks) - len(futures)
        for future in as_completed(futures):
            candidate = futures[future]
            self.done += 1
            self.journal.add(candidate.key, future.result(), mistake=candidate.kind == "mistake")
            if progress is not None:
                progress(self.done, total, candidate.name)


@dataclass(frozen=True)
class _Grader:
    """The state of a process that grades candidates."""

    worker: Worker
    fixtures: Fixtures


@contextmanager
def _grader(assignment: Assignment, fixtures: Fixtures) -> Iterator[_Grader]:
    with Worker(assignment, read_questions(assignment)) as worker:
        yield _Grader(worker, fixtures)


def _grade_one(grader: _Grader, candidate: Candidate, tests: tuple[str, ...], seconds: float) -> dict[str, Outcome]:
    worker = grader.worker
    worker.assignment = worker.assignment.with_limits(test_seconds=seconds, total_seconds=600)
    source = write_changed(worker, candidate.files, alone=candidate.kind in ALONE).resolve()
    results = grade_in(worker, grader.fixtures, source, only=tests).tests
    # what didn't pass ran alone already
    earned = [result.id for result in results if result.status == "passed" and not result.paid_in]
    passed = earned if candidate.kind in BOTH_WAYS else []
    alone = grade_in(worker, grader.fixtures, source, only=passed, together=False).tests if passed else ()
    scores = {result.id: result.score for result in alone}
    return {
        result.id: Outcome(
            "failed" if result.paid_in else result.status,  # it needs the code that was changed, at no price
            float(result.max_score - result.score) if result.max_score else 0.0,
            bool(candidate.hint) and candidate.hint in (result.hint, result.message),
            float(result.score - scores.get(result.id, result.score)),
            result.hint if candidate.kind == "mistake" and result.score < result.max_score else "",
        )
        for result in results
    }
