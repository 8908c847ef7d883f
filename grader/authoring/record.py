"""Makes fixtures: runs the tests on the reference and on every variant, in the worker, and keeps their recordings.

Everything runs twice: with the public seed, for the handout, and with the secret graded seed. So students have no value
that a grading expects, except for the numbers that a course published.
"""

from __future__ import annotations

import platform
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from importlib import metadata
from pathlib import Path, PurePosixPath

import numpy as np

from grader.assignment import Assignment
from grader.authoring.drift import differences
from grader.authoring.mutants import is_audited
from grader.authoring.specs import specs_of, unmatched
from grader.authoring.template import regions
from grader.authoring.variants import Variant, apply_variant, load_variants, write_changed
from grader.authoring.withhold import make_questions
from grader.errors import AssignmentError
from grader.fixtures import PUBLIC, Alternative, Fixtures, TestSpec, load, recorded_hashes, save
from grader.grade import Progress, demand_tests
from grader.intake.choose import wanted
from grader.intake.take import ingest
from grader.judge.compare import compare
from grader.judge.dropout import indistinguishable
from grader.judge.kinds import KINDS
from grader.judge.score import fits, judge_test, replayed
from grader.questions import GRADED, Questions, as_written, fixtures_file, read_questions
from grader.recording import Observation, Recording, Value
from grader.sandbox.pool import map_in
from grader.sandbox.worker import Worker
from grader.testing.observe import observe
from grader.toml import line_of


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


def record(
    assignment: Assignment, progress: Progress | None = None, *, jobs: int = 1, seed: str | None = None
) -> Record:
    """Run the reference and all variants, once with each seed.

    Args:
        assignment: what to record.
        progress: called with the title of each test and the name of each variant.
        jobs: processes that run the variants.
        seed: the graded one; by default the one of the last record run, or a new one.

    Raises:
        AssignmentError: the reference fails its own tests, as written or as a grading runs them.
    """
    seed = seed or _graded_seed(assignment)
    variants = load_variants(assignment)
    for variant in variants:
        apply_variant(assignment, variant)  # report a patch that doesn't apply before anything runs
    written, secret = as_written(assignment), as_written(assignment, seed)
    public, graded = (_record_reference(assignment, questions, progress) for questions in (written, secret))
    sealed = [
        replace(spec, sealed=spec.sealed and not replayed(one, spec))
        for one, spec in zip(public.tests, graded.tests, strict=True)
    ]
    graded = replace(graded, tests=tuple(sealed))
    questions = make_questions(assignment, graded, seed)
    _check_questions(assignment, questions, graded, progress)
    warnings = [*unmatched(assignment, graded.required), *(warning for spec in sealed for warning in _warnings(spec))]
    accepted = [variant for variant in variants if variant.credit > 0]
    public, _ = _with_variants(assignment, written, public.public(), accepted, progress, jobs)
    graded, unseen = _with_variants(assignment, secret, graded, variants, progress, jobs)
    return Record(graded, public, questions, (*warnings, *unseen))


def new_seed() -> str:
    """Return a graded seed that nobody can guess."""
    return secrets.token_hex(16)


def _graded_seed(assignment: Assignment) -> str:
    """Return the seed of the last record run, so that a small change doesn't change every number; else a new seed."""
    try:
        return read_questions(assignment).seed
    except AssignmentError:
        return new_seed()


def _record_reference(assignment: Assignment, questions: Questions, progress: Progress | None) -> Fixtures:
    """Record the reference alone, all tests."""
    with Worker(assignment, questions) as worker:
        worker.wait_ready()
        specs = specs_of(assignment, worker.tests)
        lines = {test.id: test.line for test in worker.tests}
        required = _fill(worker, assignment.reference)
        _check_lent(assignment, required)
        complete: list[TestSpec] = []
        for done, spec in enumerate(specs):
            if progress is not None:
                progress(done, len(specs), f"reference: {spec.title}")
            try:
                complete.append(_record_test(assignment, spec, lines[spec.id], worker.run(spec.id, given=True)))
            except AssignmentError as error:
                story = "\n".join([error.message, *unmatched(assignment, required)])
                raise AssignmentError(error.file, error.line, story) from None
    return Fixtures(tuple(complete), required, {}, recorded_hashes(assignment), _versions(assignment))


def _check_questions(
    assignment: Assignment, questions: Questions, fixtures: Fixtures, progress: Progress | None
) -> None:
    """Demand that the reference passes the tests as workers get them: they differ from the author's tests."""
    with Worker(assignment, questions) as worker:
        demand_tests(worker, fixtures)
        _fill(worker, assignment.reference)
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


Recorded = tuple[dict[str, Alternative], bool]
"""A variant's recordings of the tests where it differs from the reference, and whether any test detects it."""


def _with_variants(
    assignment: Assignment,
    questions: Questions,
    fixtures: Fixtures,
    variants: Sequence[Variant],
    progress: Progress | None,
    jobs: int,
) -> tuple[Fixtures, list[str]]:
    """Record the variants on the tests of `fixtures`; return new fixtures, and a warning for each undetected one."""
    alternatives: dict[str, list[Alternative]] = {}
    unseen = []
    make = partial(_recorder, assignment, questions, fixtures.tests)
    for done, (variant, (found, seen)) in enumerate(
        zip(variants, map_in(make, _record_variant, variants, jobs), strict=True)
    ):
        if progress is not None:
            progress(done, len(variants), variant.name)
        for test, alternative in found.items():
            alternatives.setdefault(test, []).append(alternative)
        if not seen and variant.credit < 1:
            unseen.append(f"variant '{variant.name}' differs from the reference in no test: no test can see it")
    return replace(fixtures, alternatives={test: tuple(items) for test, items in alternatives.items()}), unseen


@dataclass(frozen=True)
class _Recorder:
    """The state of a process that records variants."""

    worker: Worker
    tests: tuple[TestSpec, ...]


@contextmanager
def _recorder(assignment: Assignment, questions: Questions, tests: tuple[TestSpec, ...]) -> Iterator[_Recorder]:
    with Worker(assignment, questions) as worker:
        yield _Recorder(worker, tests)


def _record_variant(recorder: _Recorder, variant: Variant) -> Recorded:
    worker = recorder.worker
    _fill(worker, write_changed(worker, apply_variant(worker.assignment, variant)))
    found = {}
    seen = False
    for spec in recorder.tests:
        recording = worker.run(spec.id, given=True)
        if variant.credit > 0:
            _check_accepted(worker.assignment, variant, spec, recording)
        alternative = _alternative(variant, spec, recording)
        if alternative is not None:
            found[spec.id] = alternative
        seen = seen or alternative is not None or (variant.credit < 1 and _fails(worker, spec))
    return found, seen


def _check_accepted(assignment: Assignment, variant: Variant, spec: TestSpec, recording: Recording) -> None:
    """A variant with credit must run: otherwise a faulty patch would be accepted without any effect."""
    problem = recording.message if recording.ending != "ok" else ""
    for item in recording.observations:
        for role, value in item.values.items():
            if value.array is None:
                problem = problem or f"check '{item.name}': {role} is {value.describe()}, which can't be compared"
    if problem:
        raise AssignmentError(
            assignment.folder / "variants.toml",
            variant.line,
            f"variant '{variant.name}' has credit and doesn't run in {spec.id}; mend its patch: {problem}",
        )


def _fails(worker: Worker, spec: TestSpec) -> bool:
    return judge_test(spec, (), worker.run(spec.id)).status != "passed"


def _fill(worker: Worker, folder: Path) -> tuple[str, ...]:
    """Put a solution into the worker's submission folder."""
    worker.empty_submission()
    assignment = worker.assignment
    if not folder.is_dir():
        raise AssignmentError(folder, None, "there is no reference solution; write it, with solution regions marked")
    return ingest(folder.resolve(), assignment.submission, (), worker.submission).files


def _check_lent(assignment: Assignment, required: Sequence[str]) -> None:
    """Refuse a misspelt file, and a file that this homework grades: a student could omit it and earn its points."""
    line = line_of(assignment.toml.read_text("utf-8"), "submission", "lent")
    for pattern in assignment.submission.lent:
        lent = [name for name in required if wanted(PurePosixPath(name), [pattern])]
        if not lent:
            fact = f"'lent' has {pattern}, and the reference has no such file, or 'files' doesn't ask for it"
            raise AssignmentError(assignment.toml, line, f"{fact}; mend it or leave it out")
        for name in lent:
            text = (assignment.reference / name).read_text("utf-8")
            if is_audited(assignment, name) and regions(assignment.reference / name, text):
                fact = f"'lent' has {pattern}, and {name} has a solution region that this homework grades"
                raise AssignmentError(
                    assignment.toml, line, f"{fact}; name in [audit] files what is graded, or don't lend it"
                )


def _record_test(assignment: Assignment, spec: TestSpec, line: int | None, recording: Recording) -> TestSpec:
    """Turn the reference's recording into expectations; the reference must pass its own test."""

    def fail(message: str) -> AssignmentError:
        return AssignmentError(assignment.folder / spec.id.split("::")[0], line, message)

    if recording.ending != "ok":
        story = "\n".join(filter(None, (recording.message, recording.output)))
        raise fail(f"the reference doesn't pass {spec.id} ({recording.ending}):\n{story}")
    for item in recording.observations:
        problem = _observation_problem(item)
        if problem:
            raise fail(f"check '{item.name}' of {spec.id}: {problem}")
    complete = replace(spec, expected=tuple(map(_without_clock, recording.observations)))
    own = [Fraction(str(item.params["points"])) for item in recording.observations if "points" in item.params]
    total = sum(own, Fraction(0))
    if total > spec.points or (own and len(own) == len(recording.observations) and total != spec.points):
        raise fail(
            f"the points of the checks in {spec.id} add up to {float(total):g}, not to {float(spec.points):g}; "
            "change one of them"
        )
    result = judge_test(complete, (), recording)
    for check in result.checks:
        if not check.passed:
            raise fail(f"the reference fails check '{check.name}' of {spec.id}: {check.message}")
    if result.score != spec.points or result.status != "passed":
        earned = f"{float(result.score):g} of {float(spec.points):g}"
        raise fail(f"the reference gets {earned} points in {spec.id}; pass all of them to set_score for right work")
    unsealed = not recording.observations or any(not KINDS[item.kind].sealed for item in recording.observations)
    return replace(complete, sealed=not unsealed)


def _without_clock(item: Observation) -> Observation:
    """Remove a measured time: it isn't a property of the reference, and two record runs must write the same bytes."""
    return replace(item, values={"actual": observe(0.0)}) if item.kind == "at_most_times" else item


def _observation_problem(item: Observation) -> str:
    """Return why a reference value can't be expected, or differs from what the course published; else empty."""
    for role, value in item.values.items():
        if value.array is None:
            return f"{role} is {value.describe()}, which can't be compared"
    published, actual = item.values.get("published"), item.values["actual"]
    if published is None or published.array is None or actual.array is None:
        return ""
    # compare as plain numbers: a printed value has another dtype than a computed one
    wanted = replace(published, type="array", dtype="float64", array=np.asarray(published.array, dtype=np.float64))
    found = replace(actual, type="array", dtype="float64", array=np.asarray(actual.array, dtype=np.float64))
    # a published number is exact to its printed digits only; the test author's rtol says how many
    if compare(found, wanted, rtol=float(item.params.get("rtol", 1e-6))).passed:
        return ""
    return f"the reference gives {actual.array}, published is {published.array}"


def _warnings(spec: TestSpec) -> list[str]:
    warnings = []
    if not spec.sealed and spec.points:
        warnings.append(
            f"{spec.id}: its {float(spec.points):g} points aren't sealed: a claim of the hand-in earns them, "
            "or a value that is the same whatever the test draws"
        )
    for item in spec.expected:
        x = item.values["x"].array if item.kind == "dropout" else None
        keep = item.params.get("keep")  # without it, the check asks for a mask, whatever the probability
        if x is not None and keep is not None and indistinguishable(x, float(keep)):
            warnings.append(
                f"{spec.id}: check '{item.name}' can't tell keep from drop; use more elements, or a p other than 0.5"
            )
    return warnings


def _alternative(variant: Variant, spec: TestSpec, recording: Recording) -> Alternative | None:
    """Return the variant's values of this test, if the judge can tell them from the reference's and recognise them.

    An accepted alternative must pass next to its own values, or nobody could earn points by it.
    """
    if recording.ending != "ok":
        return None
    if fits(spec.expected, recording.observations):
        return None
    reference = {item.name: item for item in spec.expected}
    # use the reference's parameters and check arguments: the patch may have changed its own
    merged = tuple(
        replace(item, params=reference[item.name].params, values={**item.values, **_given(reference[item.name])})
        for item in map(_without_clock, recording.observations)
        if item.name in reference
    )
    values = [value for item in merged for value in item.values.values()]
    if len(merged) < len(reference) or any(value.array is None for value in values):
        return None
    if variant.credit and not fits(merged, recording.observations):
        return None
    return Alternative(variant.name, variant.credit, variant.hint, merged)


def _given(item: Observation) -> dict[str, Value]:
    return {role: value for role, value in item.values.items() if role in KINDS[item.kind].given}


def _versions(assignment: Assignment) -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": np.__version__, "pytest": metadata.version("pytest")}
    if assignment.library == "torch":
        versions["torch"] = metadata.version("torch").partition("+")[0]
    return versions


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
