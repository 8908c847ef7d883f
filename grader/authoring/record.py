"""Makes fixtures: runs the tests on the reference and on every variant, in the worker, and keeps what they left."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any, cast

import numpy as np

from grader.assignment import Assignment
from grader.authoring.mutants import is_audited
from grader.authoring.pool import changed, held, pool_of
from grader.authoring.template import regions
from grader.authoring.variants import Variant, apply_variant, load_variants
from grader.errors import AssignmentError
from grader.fixtures import Alternative, Fixtures, TestSpec, load, save, tested_files
from grader.grade import Progress
from grader.intake.take import ingest, wanted
from grader.judge.compare import compare
from grader.judge.dropout import indistinguishable
from grader.judge.kinds import UNSEALED
from grader.judge.score import judge_checks, judge_test
from grader.recording import Observation, Recording
from grader.report import VISIBILITIES, Visibility
from grader.sandbox.worker import Worker
from grader.testing.observe import observe
from grader.toml import line_of


@dataclass(frozen=True)
class Record:
    """What a record run made."""

    fixtures: Fixtures
    warnings: tuple[str, ...]
    """For the instructor: points that aren't sealed, checks without power, variants without effect."""


def record(assignment: Assignment, progress: Progress | None = None, *, jobs: int = 1) -> Record:
    """Run the reference and all variants; raises AssignmentError where the reference itself doesn't pass.

    Args:
        assignment: what to record.
        progress: told what is run next.
        jobs: processes that run the variants.
    """
    variants = load_variants(assignment)
    with Worker(assignment) as worker:
        worker.wait_ready()
        specs = _specs(assignment, worker.tests)
        lines = {test["id"]: test["line"] for test in worker.tests}
        steps = len(specs) + len(variants)
        required = _fill(worker, assignment.reference)
        _check_lent(assignment, required)
        unmatched = _unmatched(assignment, required)
        complete: list[TestSpec] = []
        for done, spec in enumerate(specs):
            if progress is not None:
                progress(done, steps, f"reference: {spec.title}")
            try:
                complete.append(_record_test(assignment, spec, lines[spec.id], worker.run(spec.id, given=True)))
            except AssignmentError as error:
                raise AssignmentError(error.file, error.line, "\n".join([error.message, *unmatched])) from None
        warnings = [*unmatched, *(warning for spec in complete for warning in _warnings(spec))]
        alternatives: dict[str, list[Alternative]] = {}
        for done, (variant, (found, seen)) in enumerate(_variants(worker, complete, variants, jobs), len(specs)):
            if progress is not None:
                progress(done, steps, variant.name)
            for test, alternative in found.items():
                alternatives.setdefault(test, []).append(alternative)
            if not seen and variant.credit < 1:
                warnings.append(f"variant '{variant.name}' differs from the reference in no test: no test can see it")
    fixtures = Fixtures(
        tuple(complete),
        required,
        {test: tuple(items) for test, items in alternatives.items()},
        tested_files(assignment),
        _versions(assignment),
    )
    return Record(fixtures, tuple(warnings))


Differences = tuple[dict[str, Alternative], bool]
"""A variant's recordings of the tests where it differs from the reference, and whether any test sees it at all."""


def _variants(
    worker: Worker, specs: Sequence[TestSpec], variants: Sequence[Variant], jobs: int
) -> Iterator[tuple[Variant, Differences]]:
    """Record the variants one after the other, or in a pool of processes with a worker each."""
    if jobs < 2 or len(variants) < 2 * jobs:
        for variant in variants:
            yield variant, _record_variant(worker, specs, variant)
        return
    with pool_of(worker.assignment, jobs, specs) as pool:
        yield from zip(variants, pool.map(_record_in_process, variants), strict=True)


def _record_in_process(variant: Variant) -> Differences:
    worker, specs = held()
    return _record_variant(worker, specs, variant)


def _record_variant(worker: Worker, specs: Sequence[TestSpec], variant: Variant) -> Differences:
    assignment = worker.assignment
    _fill(worker, changed(worker, apply_variant(assignment, variant)))
    found = {}
    seen = False
    for spec in specs:
        recording = worker.run(spec.id, given=True)
        if variant.credit > 0:
            _check_accepted(assignment, variant, spec, recording)
        alternative = _alternative(variant, spec, recording)
        if alternative is not None:
            found[spec.id] = alternative
        seen = seen or alternative is not None or (variant.credit < 1 and _fails(worker, spec))
    return found, seen


def _check_accepted(assignment: Assignment, variant: Variant, spec: TestSpec, recording: Recording) -> None:
    """What earns credit must run: a patch with a mistake in it would otherwise be accepted for nothing."""
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
    """Put a solution where the worker expects the submission."""
    worker.empty_submission()
    assignment = worker.assignment
    if not folder.is_dir():
        raise AssignmentError(folder, None, "there is no reference solution; write it, with solution regions marked")
    return ingest(folder, assignment.submission, (), worker.submission).files


def _check_lent(assignment: Assignment, required: Sequence[str]) -> None:
    """Find a misspelt file, and one that this very homework grades: who leaves it out would have its points."""
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


def _unmatched(assignment: Assignment, required: Sequence[str]) -> list[str]:
    """Return a sentence for each pattern of files that students hand in and that the reference hasn't got."""
    return [
        f"[submission] files has {pattern}, and the reference has no file of that name"
        for pattern in assignment.submission.files
        if not any(wanted(PurePosixPath(name), [pattern]) for name in required)
    ]


def _specs(assignment: Assignment, described: Sequence[Mapping[str, Any]]) -> list[TestSpec]:
    """Check what the decorators say, and share a function's points among its parametrised cases."""
    cases: dict[str, int] = {}
    for test in described:
        cases[test["function"]] = cases.get(test["function"], 0) + 1
    numbers: dict[str, str] = {}
    order: dict[str, int] = {}
    specs = []
    for test in described:
        file = assignment.folder / f"test_{test['part']}.py"

        def fail(message: str, file: Path = file, test: Mapping[str, Any] = test) -> AssignmentError:
            return AssignmentError(file, test["line"], message)

        weight, number, visibility = test["weight"], test["number"], test["visibility"]
        name = test["function"].split("::", 1)[1]
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < 1e6:
            raise fail(f"{name} needs @weight with a number from 0 up; a test without points says @weight(0)")
        if number is None:
            raise fail(f"{name} needs @number, which orders the results")
        if numbers.setdefault(number, test["function"]) != test["function"]:
            raise fail(f"{name} has the number {number}, which {numbers[number].split('::', 1)[1]} has too; change one")
        if visibility not in VISIBILITIES:
            raise fail(f"{name} has the visibility {visibility!r}; it must be one of {', '.join(VISIBILITIES)}")
        index = order[test["function"]] = order.get(test["function"], 0) + 1
        specs.append(
            TestSpec(
                id=test["id"],
                part=test["part"],
                title=test["title"] + (f" [{test['case']}]" if test["case"] is not None else ""),
                number=number if test["case"] is None else f"{number}.{index}",
                points=Fraction(str(weight)) / cases[test["function"]],
                visibility=cast(Visibility, visibility),
                tags=tuple(test["tags"]),
                hide_errors=test["hide_errors"],
                partial=test["partial"],
                leaderboard=tuple(test["leaderboard"]) if test["leaderboard"] else None,
            )
        )
    _check_numbers(assignment, specs, described)
    _check_points(assignment, specs)
    return specs


def _check_numbers(assignment: Assignment, specs: Sequence[TestSpec], described: Sequence[Mapping[str, Any]]) -> None:
    """The cases of a function get numbers too, and another function may say one of those."""
    taken: dict[str, str] = {}
    for spec, test in zip(specs, described, strict=True):
        if taken.setdefault(spec.number, spec.id) != spec.id:
            raise AssignmentError(
                assignment.folder / f"test_{spec.part}.py",
                test["line"],
                f"{spec.id} gets the number {spec.number}, which {taken[spec.number]} has too; change one",
            )


def _check_points(assignment: Assignment, specs: Sequence[TestSpec]) -> None:
    text = assignment.toml.read_text("utf-8")
    for part in assignment.parts:
        total = sum((spec.points for spec in specs if spec.part == part.name), Fraction(0))
        if total != part.points:
            raise AssignmentError(
                assignment.toml,
                line_of(text, "parts", part.name),
                f"the weights in test_{part.name}.py add up to {float(total):g}, and the part has "
                f"{float(part.points):g} points; change one of them",
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
    unsealed = not recording.observations or any(item.kind in UNSEALED for item in recording.observations)
    return replace(complete, sealed=not unsealed)


def _without_clock(item: Observation) -> Observation:
    """A measured time says nothing about the reference, and two record runs must write the same bytes."""
    return replace(item, values={"actual": observe(0.0)}) if item.kind == "at_most_times" else item


def _observation_problem(item: Observation) -> str:
    """Why a value of the reference can't be expected, or doesn't agree with what the course published; else empty."""
    for role, value in item.values.items():
        if value.array is None:
            return f"{role} is {value.describe()}, which can't be compared"
    published, actual = item.values.get("published"), item.values["actual"]
    if published is None or published.array is None or actual.array is None:
        return ""
    # as plain numbers: what was printed has another dtype than what is computed
    wanted = replace(published, type="array", dtype="float64", array=np.asarray(published.array, dtype=np.float64))
    found = replace(actual, type="array", dtype="float64", array=np.asarray(actual.array, dtype=np.float64))
    # a published number holds to the digits that were printed: the test author's rtol says how many
    if compare(found, wanted, rtol=float(item.params.get("rtol", 1e-6))).passed:
        return ""
    return f"the reference gives {actual.array}, published is {published.array}"


def _warnings(spec: TestSpec) -> list[str]:
    warnings = []
    if not spec.sealed and spec.points:
        warnings.append(
            f"{spec.id}: its {float(spec.points):g} points aren't sealed, because they rest on the worker's own word"
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
    """The variant's values of this test, where the judge can tell them from the reference's and know them again.

    A mask that keeps too many elements is wrong next to any expectation: its values would never match a submission's.
    """
    if recording.ending != "ok":
        return None
    checks = judge_checks(spec.expected, recording.observations, show_expected=False)
    if all(check.passed for check in checks):
        return None
    reference = {item.name: item for item in spec.expected}
    # parameters and what checks are given are the reference's, whatever the patch did to them
    merged = tuple(
        replace(item, params=reference[item.name].params, values={**item.values, **_given(reference[item.name])})
        for item in map(_without_clock, recording.observations)
        if item.name in reference
    )
    values = [value for item in merged for value in item.values.values()]
    if len(merged) < len(reference) or any(value.array is None for value in values):
        return None
    again = judge_checks(merged, recording.observations, show_expected=False)
    if not all(check.passed for check in again):
        return None
    return Alternative(variant.name, variant.credit, variant.hint, merged)


def _given(item: Observation) -> dict[str, Any]:
    return {role: value for role, value in item.values.items() if role in ("x", "delta", "original", "published")}


def _versions(assignment: Assignment) -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": np.__version__, "pytest": metadata.version("pytest")}
    if assignment.library == "torch":
        versions["torch"] = metadata.version("torch").partition("+")[0]
    return versions


def write(assignment: Assignment, made: Record) -> None:
    """Save a record run's fixtures where grading looks for them."""
    save(made.fixtures, assignment.folder / "fixtures")


def drift(assignment: Assignment, made: Record) -> list[str]:
    """Return what differs between the fixtures on disk and a fresh record run, as sentences; empty if nothing."""
    old = load(assignment.folder / "fixtures", assignment.name)
    found = []
    before = {test.id: test for test in old.tests}
    after = {test.id: test for test in made.fixtures.tests}
    found += [f"{test} is recorded but not in the test files any more" for test in before if test not in after]
    found += [f"{test} isn't recorded" for test in after if test not in before]
    for test in (test for test in before if test in after):
        if replace(before[test], expected=()) != replace(after[test], expected=()):
            found.append(f"{test}: its points, title, number or visibility changed")
        elif _checks(before[test]) != _checks(after[test]):
            found.append(f"{test}: its checks changed")
        else:
            found += [
                f"{test}: the reference's value of '{check.name}' changed: {check.message}"
                for check in judge_checks(before[test].expected, after[test].expected, show_expected=True)
                if not check.passed
            ]
    if old.hashes != made.fixtures.hashes:
        found.append("a test file, a helper, variants.toml or assignment.toml changed since the fixtures were recorded")
    if old.required != made.fixtures.required:
        found.append("the reference's list of files changed")
    for test in sorted({*old.alternatives, *made.fixtures.alternatives}):
        found += _variant_drift(test, old.alternatives.get(test, ()), made.fixtures.alternatives.get(test, ()))
    return found


def _checks(test: TestSpec) -> list[tuple[str, str, dict[str, Any]]]:
    return [(item.name, item.kind, dict(item.params)) for item in test.expected]


def _variant_drift(test: str, old: Sequence[Alternative], new: Sequence[Alternative]) -> list[str]:
    before, after = {item.variant: item for item in old}, {item.variant: item for item in new}
    found = [
        f"{test}: variant '{name}' differs from the reference now, and didn't" for name in after if name not in before
    ]
    found += [
        f"{test}: variant '{name}' doesn't differ from the reference any more" for name in before if name not in after
    ]
    for name in (name for name in before if name in after):
        one, other = before[name], after[name]
        if (one.credit, one.hint) != (other.credit, other.hint):
            found.append(f"{test}: credit or hint of variant '{name}' changed")
        elif not all(check.passed for check in judge_checks(one.observations, other.observations, show_expected=False)):
            found.append(f"{test}: the values of variant '{name}' changed")
    return found
