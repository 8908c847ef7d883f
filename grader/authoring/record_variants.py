"""Records the variants of a reference: their values in the tests where they differ from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from grader.assignment import Assignment
from grader.authoring.kept import Last, keys_of
from grader.authoring.record_reference import fill, without_clock
from grader.authoring.variants import Variant, apply_variant, write_changed
from grader.errors import AssignmentError
from grader.fixtures import Alternative, Fixtures, TestSpec
from grader.judge.kinds import KINDS
from grader.judge.score import fits, judge_test
from grader.questions import Questions
from grader.recording import Observation, Recording, Value
from grader.sandbox.pool import map_in
from grader.sandbox.worker import Worker
from grader.schedule import Progress

Recorded = tuple[dict[str, Alternative], bool]
"""A variant's recordings of the tests where it differs from the reference, and whether any test detects it."""
Task = tuple[Variant, tuple[TestSpec, ...], bool]
"""A variant, the tests that must run on it, and whether it is known to differ in another test."""


@dataclass(frozen=True)
class Variants:
    """The recorded variants of one recording."""

    fixtures: Fixtures
    run: Last
    """For the next record run."""
    ran: Mapping[str, tuple[str, ...]]
    """Variant to the parts in which it ran; in the others, its values were kept."""
    unseen: tuple[str, ...]
    """A warning for each variant that no test detects."""


def with_variants(
    assignment: Assignment,
    questions: Questions,
    fixtures: Fixtures,
    variants: Sequence[Variant],
    progress: Progress | None,
    jobs: int,
    last: Last,
) -> Variants:
    """Record the variants on the tests of `fixtures`, but for what may be kept of the last run."""
    keys = keys_of(assignment, questions, variants)
    unchanged = last.unchanged(fixtures.tests)
    stale = {variant.name: last.stale(variant, keys[variant.name], fixtures.tests, unchanged) for variant in variants}
    current = {spec.id for spec in fixtures.tests}
    kept: dict[str, dict[str, Alternative]] = {}
    tasks: list[Task] = []
    for variant in variants:
        again = {spec.id for spec in stale[variant.name]}
        old = {test: item for test, item in last.of(variant).items() if test in current and test not in again}
        kept[variant.name] = old
        if again:
            tasks.append((variant, stale[variant.name], bool(old)))
    found, seen = kept, dict(last.seen)
    make = partial(_recorder, assignment, questions, fixtures.tests)
    for done, ((variant, _, _), (new, detected)) in enumerate(
        zip(tasks, map_in(make, _record_variant, tasks, jobs), strict=True)
    ):
        if progress is not None:
            progress(done, len(tasks), variant.name)
        found[variant.name] = found[variant.name] | new
        seen[variant.name] = detected
    items = {
        spec.id: tuple(
            replace(found[variant.name][spec.id], paid_in=_paid_in(variant, spec))
            for variant in variants
            if spec.id in found[variant.name]
        )
        for spec in fixtures.tests
    }
    parts = [part.name for part in assignment.parts]
    return Variants(
        replace(fixtures, alternatives={test: values for test, values in items.items() if values}),
        Last(keys, {variant.name: seen[variant.name] for variant in variants}),
        {name: tuple(part for part in parts if part in {spec.part for spec in specs}) for name, specs in stale.items()},
        tuple(
            f"variant '{variant.name}' differs from the reference in no test: no test can see it"
            for variant in variants
            if variant.credit < 1 and not seen[variant.name]
        ),
    )


@dataclass(frozen=True)
class _Recorder:
    """The state of a process that records variants."""

    worker: Worker
    tests: tuple[TestSpec, ...]


@contextmanager
def _recorder(assignment: Assignment, questions: Questions, tests: tuple[TestSpec, ...]) -> Iterator[_Recorder]:
    with Worker(assignment, questions) as worker:
        yield _Recorder(worker, tests)


def _record_variant(recorder: _Recorder, task: Task) -> Recorded:
    (variant, tests, differs), worker = task, recorder.worker
    fill(worker, write_changed(worker, apply_variant(worker.assignment, variant)))
    found = {}
    recordings = _recordings(worker, tests)
    for spec in tests:
        if variant.credit > 0:
            _check_accepted(worker.assignment, variant, spec, recordings[spec.id])
        alternative = _alternative(variant, spec, recordings[spec.id])
        if alternative is not None:
            found[spec.id] = alternative
    seen = differs or bool(found) or (variant.credit < 1 and any(_fails(worker, spec) for spec in recorder.tests))
    return found, seen


def _recordings(worker: Worker, tests: Sequence[TestSpec]) -> dict[str, Recording]:
    """Run all tests, as many as possible in one child: an assignment has more variants than anything else to run."""
    found: dict[str, Recording] = {}
    for hidden in (False, True):
        waiting = [spec.id for spec in tests if worker.hides(spec.id) == hidden and not spec.alone]
        while waiting:
            recordings = worker.run_together(waiting, given=True)
            found |= zip(waiting, recordings, strict=False)
            waiting = waiting[len(recordings) :]
    return found | {spec.id: worker.run(spec.id, given=True) for spec in tests if spec.alone}


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
        item._replace(params=reference[item.name].params, values={**item.values, **_given(reference[item.name])})
        for item in map(without_clock, recording.observations)
        if item.name in reference
    )
    values = [value for item in merged for value in item.values.values()]
    if len(merged) < len(reference) or any(value.array is None for value in values):
        return None
    if variant.credit and not fits(merged, recording.observations):
        return None
    return Alternative(variant.name, variant.credit, variant.hint, merged)


def _paid_in(variant: Variant, spec: TestSpec) -> tuple[str, ...]:
    """The parts that a known mistake costs, if this test's isn't one of them."""
    return () if variant.credit or spec.part in variant.loses else variant.loses


def _given(item: Observation) -> dict[str, Value]:
    return {role: value for role, value in item.values.items() if role in KINDS[item.kind].given}
