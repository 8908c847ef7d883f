"""Records the variants of a reference: their values in the tests where they differ from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from grader.assignment import Assignment
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


def with_variants(
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
    fill(worker, write_changed(worker, apply_variant(worker.assignment, variant)))
    found = {}
    recordings = _recordings(worker, recorder.tests)
    for spec in recorder.tests:
        if variant.credit > 0:
            _check_accepted(worker.assignment, variant, spec, recordings[spec.id])
        alternative = _alternative(variant, spec, recordings[spec.id])
        if alternative is not None:
            found[spec.id] = alternative
    seen = bool(found) or (variant.credit < 1 and any(_fails(worker, spec) for spec in recorder.tests))
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
        replace(item, params=reference[item.name].params, values={**item.values, **_given(reference[item.name])})
        for item in map(without_clock, recording.observations)
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
