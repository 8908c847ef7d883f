"""Makes fixtures: runs the tests on the reference and on every variant, in the worker, and keeps their recordings.

Everything runs twice: with the public seed, for the handout, and with the secret graded seed. So students have no value
that a grading expects, except for the numbers that a course published.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from grader.assignment import Assignment
from grader.authoring.drift import differences
from grader.authoring.kept import Last, told
from grader.authoring.record_reference import fill, record_reference, warnings_of
from grader.authoring.record_variants import Variants, with_variants
from grader.authoring.specs import unmatched
from grader.authoring.variants import apply_variant, load_variants
from grader.authoring.withhold import make_questions
from grader.errors import AssignmentError
from grader.fixtures import PUBLIC, Fixtures, load, save
from grader.grade import demand_tests
from grader.judge.score import judge_test, replayed
from grader.questions import GRADED, Questions, as_written, fixtures_file, read_questions
from grader.recording import Observation
from grader.sandbox.worker import Worker
from grader.schedule import Progress


@dataclass(frozen=True)
class Record:
    """The result of a record run."""

    graded: Fixtures
    """Recorded with the graded seed; the judge compares submissions with them."""
    public: Fixtures
    """Recorded with the public seed, visible tests only; students get them."""
    questions: Questions
    """The questions that workers get in a grading."""
    warnings: tuple[str, ...]
    """For the instructor: points that aren't sealed, checks without power, variants without effect."""
    runs: Mapping[str, Last]
    """The recordings that the next run may keep, by the name of the fixtures."""
    kept: str
    """Which variants were kept of the last run, as a sentence; empty if all ran."""


def record(
    assignment: Assignment,
    progress: Progress | None = None,
    *,
    jobs: int = 1,
    seed: str | None = None,
    last: Mapping[str, Last] = MappingProxyType({}),
) -> Record:
    """Run the reference and all variants, once with each seed.

    Args:
        assignment: what to record.
        progress: called with the title of each test and the name of each variant.
        jobs: processes that run the variants.
        seed: the graded one; by default the one of the last record run, or a new one.
        last: the last run, of which unchanged variants are kept; by default everything runs.

    Raises:
        AssignmentError: the reference fails its own tests, as written or as a grading runs them.
    """
    seed = seed or _graded_seed(assignment)
    variants = load_variants(assignment)
    for variant in variants:
        apply_variant(assignment, variant)  # report a patch that doesn't apply before anything runs
    written, secret = as_written(assignment), as_written(assignment, seed)
    public, graded = (record_reference(assignment, questions, progress) for questions in (written, secret))
    # the handout has no values of hidden tests
    copied = {
        spec.id
        for one, spec in zip(public.tests, graded.tests, strict=True)
        if spec.visibility == "visible" and replayed(one, spec)
    }
    warned = [warning for spec in graded.tests for warning in warnings_of(spec, copied=spec.id in copied)]
    tests = tuple(replace(spec, sealed=spec.sealed and spec.id not in copied) for spec in graded.tests)
    graded = replace(graded, tests=tests)
    questions = make_questions(assignment, graded, seed)
    _check_questions(assignment, questions, graded, progress)
    warnings = [*unmatched(assignment, graded.required), *warned]
    shown, judged = (
        with_variants(assignment, asked, fixtures, variants, progress, jobs, last.get(name, Last()))
        for name, asked, fixtures in ((PUBLIC, written, public.public()), (GRADED, secret, graded))
    )
    public = _without_answers(shown.fixtures, judged.fixtures)
    ran = {
        variant.name: [
            part.name
            for part in assignment.parts
            if part.name in shown.ran[variant.name] or part.name in judged.ran[variant.name]
        ]
        for variant in variants
    }
    return Record(
        judged.fixtures,
        public,
        questions,
        (*warnings, *judged.unseen),
        {PUBLIC: _complete(shown, public), GRADED: judged.run},
        told(ran, len(assignment.parts)) if any(run.keys for run in last.values()) else "",
    )


def _complete(made: Variants, public: Fixtures) -> Last:
    """The run without the parts in which a variant's values aren't in the fixtures: they can't be kept."""
    part_of = {spec.id: spec.part for spec in public.tests}
    left_out = {
        (item.variant, part_of[test])
        for test, items in made.fixtures.alternatives.items()
        for item in items
        if item.variant not in {kept.variant for kept in public.alternatives.get(test, ())}
    }
    keys = {
        variant: {part: key for part, key in parts.items() if (variant, part) not in left_out}
        for variant, parts in made.run.keys.items()
    }
    return replace(made.run, keys=keys)


def _without_answers(public: Fixtures, graded: Fixtures) -> Fixtures:
    """Leave out known mistakes of the public recording that hold a right value of the graded one.

    Such a value is right in one test by being wrong in another; students would have it, whatever its label.
    """
    right = _arrays(item for spec in graded.tests for item in spec.expected)
    right |= _arrays(
        item
        for alternatives in graded.alternatives.values()
        for alternative in alternatives
        if alternative.credit
        for item in alternative.observations
    )
    right -= _arrays(item for spec in public.tests for item in spec.expected)  # those are given anyway
    kept = {
        test: tuple(item for item in items if item.credit or not _arrays(item.observations) & right)
        for test, items in public.alternatives.items()
    }
    return replace(public, alternatives={test: items for test, items in kept.items() if items})


def _arrays(observations: Iterable[Observation]) -> set[bytes]:
    """The bytes of all arrays of several elements that aren't all zero; others are too common to be answers."""
    arrays = (value.array for item in observations for value in item.values.values())
    return {array.tobytes() for array in arrays if array is not None and array.size > 1 and array.any()}


def new_seed() -> str:
    """Return a graded seed that nobody can guess."""
    return secrets.token_hex(16)


def _graded_seed(assignment: Assignment) -> str:
    """Return the seed of the last record run, so that a small change doesn't change every number; else a new seed."""
    try:
        return read_questions(assignment).seed
    except AssignmentError:
        return new_seed()


def _check_questions(
    assignment: Assignment, questions: Questions, fixtures: Fixtures, progress: Progress | None
) -> None:
    """Demand that the reference passes the tests as workers get them: they differ from the author's tests."""
    with Worker(assignment, questions) as worker:
        demand_tests(worker, fixtures)
        fill(worker, assignment.reference)
        for done, spec in enumerate(fixtures.tests):
            if progress is not None:
                progress(done, len(fixtures.tests), f"as in a grading: {spec.title}")
            result = judge_test(spec, (), worker.run(spec.id))
            if result.status != "passed":
                raise AssignmentError(
                    assignment.folder / spec.id.split("::")[0],
                    None,
                    f"the reference passes {spec.id}, and doesn't when it runs as in a grading: {result.message}\n"
                    "Draw from rng, or seed what draws. A grading doesn't evaluate the expressions of x=, keep=, "
                    "delta=, original= and published= of a check: they may neither draw nor change anything. "
                    "A visible test has the modules that it imports and the data that it names, and no others",
                )


def write(assignment: Assignment, made: Record) -> bool:
    """Save a record run where grading and handouts read it; return whether anything changed.

    Fixtures that differ only in their last digits aren't rewritten: machines round differently.
    """
    try:
        if not drift(assignment, made):
            return False
    except AssignmentError:
        pass  # there are no fixtures, or they can't be read
    save(made.public, fixtures_file(assignment, PUBLIC))
    save(made.graded, fixtures_file(assignment, GRADED), made.questions)
    return True


def drift(assignment: Assignment, made: Record) -> list[str]:
    """Return what differs between the fixtures on disk and a fresh record run, as sentences; empty if nothing."""
    # one change shows in both recordings, and is told once
    for name, new in ((GRADED, made.graded), (PUBLIC, made.public)):
        found = differences(load(fixtures_file(assignment, name), assignment), new)
        if found:
            return found
    return [] if read_questions(assignment) == made.questions else ["the tests changed, as a grading runs them"]
