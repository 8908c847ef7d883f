"""Records the reference: runs the tests on it, and makes what it returns the tests' expectations."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from importlib import metadata
from pathlib import Path, PurePosixPath

import numpy as np

from grader.assignment import Assignment
from grader.authoring.mutants import is_audited
from grader.authoring.notebooks import SUFFIX, has_notebook, targets
from grader.authoring.regions import regions
from grader.authoring.source import read_source
from grader.authoring.specs import specs_of, unmatched
from grader.authoring.template import build
from grader.conversion import convert
from grader.errors import AssignmentError
from grader.files import own_files
from grader.fixtures import Fixtures, TestSpec, recorded_hashes
from grader.intake.choose import wanted
from grader.intake.take import ingest
from grader.judge.compare import compare
from grader.judge.dropout import indistinguishable
from grader.judge.kinds import KINDS
from grader.judge.score import judge_test
from grader.questions import Questions
from grader.recording import PLACE, Observation, Recording
from grader.sandbox.worker import Worker
from grader.schedule import Progress
from grader.testing.observe import observe
from grader.toml import line_of


def record_reference(assignment: Assignment, questions: Questions, progress: Progress | None) -> Fixtures:
    """Record the reference alone, all tests."""
    with Worker(assignment, questions) as worker:
        worker.wait_ready()
        specs = specs_of(assignment, worker.tests)
        lines = {test.id: test.line for test in worker.tests}
        required = fill(worker, assignment.reference)
        _check_taken(assignment, required)
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


def fill(worker: Worker, folder: Path) -> tuple[str, ...]:
    """Put a solution into the worker's submission folder."""
    worker.empty_submission()
    assignment = worker.assignment
    if not folder.is_dir():
        raise AssignmentError(folder, None, "there is no reference solution; write it, with solution regions marked")
    asked = targets(assignment) if has_notebook(assignment) else []
    intake = ingest(folder.resolve(), assignment.submission, asked, worker.submission)
    if not intake.notebooks:
        return intake.files
    made = convert(worker, intake, tuple(build(assignment).values()))
    if made.refusal:
        raise AssignmentError(folder, None, made.refusal)
    kept = {name for name in intake.files if name not in {item.file for item in intake.notebooks}}
    return tuple(sorted({*kept, *(name for item in intake.notebooks for name in item.targets)}))


def _check_taken(assignment: Assignment, required: Sequence[str]) -> None:
    """Refuse a file of the reference that no pattern takes: students would write it, and it would never arrive."""
    notebooks = {str(PurePosixPath(name).with_suffix(SUFFIX)) for name in required}
    taken = {*required, *notebooks, assignment.submission.notebook}
    for name in own_files(assignment.reference):
        if name not in taken and not any(part.startswith(".") for part in PurePosixPath(name).parts):
            line = line_of(assignment.toml.read_text("utf-8"), "submission", "files")
            raise AssignmentError(
                assignment.toml,
                line,
                f"the reference has {name}, and no pattern of 'files' takes it; add it there, or to 'given' if it is "
                "the course's own, or move it to helpers/ (** stands for any number of folders)"
                + "".join(f"\n{sentence}" for sentence in unmatched(assignment, required)),
            )
    for pattern in assignment.submission.given:
        line = line_of(assignment.toml.read_text("utf-8"), "submission", "given")
        given = [name for name in required if wanted(PurePosixPath(name), [pattern])]
        if not given:
            fact = f"'given' has {pattern}, and the reference has no such file"
            raise AssignmentError(assignment.toml, line, f"{fact}; mend it or leave it out")
        for name in given:
            if name.endswith(".py") and regions(assignment.reference / name, read_source(assignment.reference / name)):
                fact = f"'given' has {pattern}, and {name} has a solution region, which would never be graded"
                raise AssignmentError(assignment.toml, line, f"{fact}; take it from 'given', or remove the markers")


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
            file, number = item.params.get(PLACE, (spec.id.split("::")[0], line))
            raise AssignmentError(assignment.folder / file, number, f"check '{item.name}' of {spec.id}: {problem}")
    recording = recording._replace(observations=tuple(map(_without_place, recording.observations)))
    complete = replace(spec, expected=tuple(map(without_clock, recording.observations)))
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
    if spec.partial and not recording.observations and recording.claimed_score is None:
        raise fail(f"{spec.id} has @partial_credit and never calls set_score, so nobody can earn its points; call it")
    if result.score != spec.points or result.status != "passed":
        earned = f"{float(result.score):g} of {float(spec.points):g}"
        raise fail(f"the reference gets {earned} points in {spec.id}; pass all of them to set_score for right work")
    unsealed = not recording.observations or any(not KINDS[item.kind].sealed for item in recording.observations)
    return replace(complete, sealed=not unsealed)


def _without_place(item: Observation) -> Observation:
    """Remove the line of a check, because a comment above it doesn't change what is recorded."""
    return item._replace(params={key: value for key, value in item.params.items() if key != PLACE})


def without_clock(item: Observation) -> Observation:
    """Remove a measured time: it isn't a property of the reference, and two record runs must write the same bytes."""
    return item._replace(values={"actual": observe(0.0)}) if item.kind == "at_most_times" else item


def _observation_problem(item: Observation) -> str:
    """Return why a reference value can't be expected, or differs from what the course published; else empty."""
    for role, value in item.values.items():
        if value.array is None:
            return (
                f"{role} is {value.describe()}, which can't be compared; give it an array, a tensor, a number, a text, "
                "None, or a list, a tuple or a dict of these"
            )
    published, actual = item.values.get("published"), item.values["actual"]
    if published is None or published.array is None or actual.array is None:
        return ""
    # compare as plain numbers: a printed value has another dtype than a computed one
    wanted = published._replace(type="array", dtype="float64", array=np.asarray(published.array, dtype=np.float64))
    found = actual._replace(type="array", dtype="float64", array=np.asarray(actual.array, dtype=np.float64))
    # a published number is exact to its printed digits only; the test author's rtol says how many
    if compare(found, wanted, rtol=float(item.params.get("rtol", 1e-6))).passed:
        return ""
    return f"the reference gives {actual.array}, published is {published.array}"


def warnings_of(spec: TestSpec, *, copied: bool = False) -> list[str]:
    """Return sentences for the instructor: points that aren't sealed, and checks that can't tell keep from drop.

    Args:
        spec: the recorded test.
        copied: whether the handout's values of the test earn its points.
    """
    warnings = []
    if not spec.sealed and spec.points:
        warnings.append(
            f"{spec.id}: its points ({float(spec.points):g}) aren't sealed: the hand-in's own process says that it "
            "passed; name the values that its code returns with check(...), which the judge compares"
        )
    elif copied and spec.points:
        warnings.append(
            f"{spec.id}: its points ({float(spec.points):g}) aren't sealed: the handout shows the values that earn "
            "them, because they are the same whatever the test draws; draw its inputs from rng, or hide the test"
        )
    for item in spec.expected:
        x = item.values["x"].array if item.kind == "dropout" else None
        keep = item.params.get("keep")  # without it, the check asks for a mask, whatever the probability
        if x is not None and keep is not None and indistinguishable(x, float(keep)):
            warnings.append(
                f"{spec.id}: check '{item.name}' can't tell keep from drop; use more elements, or a p other than 0.5"
            )
    return warnings


def _versions(assignment: Assignment) -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": np.__version__, "pytest": metadata.version("pytest")}
    if assignment.library == "torch":
        versions["torch"] = metadata.version("torch").partition("+")[0]
    return versions
