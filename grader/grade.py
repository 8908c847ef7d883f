"""One grading, in one screen.

    submission --ingest--> clean folder --worker--> recordings --judge--> results --> report

Runs in the trusted process. Student code runs in the worker's children only; nothing of it is alive when the report
is returned.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.assignment import Assignment
from grader.errors import InternalError, SubmissionError
from grader.sandbox.worker import Worker

if TYPE_CHECKING:
    from grader.fixtures import Fixtures, TestSpec
    from grader.recording import Ending
    from grader.report import Report, TestResult

Progress = Callable[[int, int, str], None]
"""Called before each test with its index, the number of tests and its title."""


def grade(
    assignment: Assignment,
    source: Path,
    *,
    before: Callable[[Report], None] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Grade one submission.

    Args:
        assignment: what to grade against; its fixtures must be current.
        source: the hand-in: a folder, an archive or a single file.
        before: gets a report with everything failed, before any code of the submission runs.
        progress: told about each test before it runs.

    Raises:
        AssignmentError: the assignment or its fixtures are wrong.
        InternalError: the worker could not be made to run; no score is given.
    """
    start = time.monotonic()
    with Worker(assignment) as worker:
        # only now: loading numpy and the fixtures takes as long as the worker takes to get ready beside us
        from grader.fixtures import load_current
        from grader.sandbox.ingest import ingest

        fixtures = load_current(assignment)
        if before is not None:
            before(failed_report(assignment, fixtures, "internal", "the grading didn't come to its end"))
        try:
            intake = ingest(source, assignment.submission, fixtures.required, worker.submission)
        except SubmissionError as error:
            return failed_report(assignment, fixtures, "error", str(error), notes=[str(error)])
        if not intake.files:
            message = f"the hand-in has none of the files that are graded: {', '.join(fixtures.required)}"
            return failed_report(assignment, fixtures, "missing", message, notes=[message])
        results = run_tests(worker, fixtures, progress)
        layers = worker.layers
    return make_report(
        assignment, fixtures, results, notes=intake.notes, layers=layers, seconds=time.monotonic() - start
    )


def run_tests(worker: Worker, fixtures: Fixtures, progress: Progress | None = None) -> list[TestResult]:
    """Run and judge every test of the fixtures, one child each, within the time for all of them together."""
    from grader.judge.score import judge_test
    from grader.recording import Recording

    limits = worker.assignment.limits
    worker.wait_ready()
    end = time.monotonic() + limits.total_seconds
    results = []
    for index, spec in enumerate(fixtures.tests):
        if progress is not None:
            progress(index, len(fixtures.tests), spec.title)
        left = end - time.monotonic()
        if left > 0:
            recording = worker.run(spec.id, seconds=left)
        else:
            recording = Recording("timeout", f"not run: the {limits.total_seconds:g} s for all tests together are used up")
        results.append(
            judge_test(spec, fixtures.alternatives.get(spec.id, ()), recording, command=command_for(worker.assignment, spec))
        )
    return results


def command_for(assignment: Assignment, spec: TestSpec) -> str:
    """Return how a student runs one test alone in the handout; empty for tests that the handout doesn't have."""
    folder = Path(assignment.handout.runner).parent / "tests"
    return f'pytest "{(folder / spec.id).as_posix()}"' if spec.visibility == "visible" else ""


def failed_report(
    assignment: Assignment, fixtures: Fixtures, ending: Ending, message: str, *, notes: Sequence[str] = ()
) -> Report:
    """Return a complete report in which every test ended the same way."""
    from grader.judge.score import judge_test
    from grader.recording import Recording

    results: list[TestResult] = [judge_test(spec, (), Recording(ending, message)) for spec in fixtures.tests]
    return make_report(assignment, fixtures, results, notes=notes)


def make_report(
    assignment: Assignment,
    fixtures: Fixtures,
    results: Sequence[TestResult],
    *,
    notes: Sequence[str] = (),
    layers: Sequence[str] = (),
    seconds: float = 0.0,
) -> Report:
    """Put results together; notes carry names from the hand-in, so they are cleaned here."""
    from grader.report import LeaderboardRow, Report, part_scores
    from grader.sandbox.wire import clean_text

    if [result.id for result in results] != [spec.id for spec in fixtures.tests]:
        raise InternalError("the results aren't those of the assignment's tests")
    rows = [
        LeaderboardRow(spec.leaderboard[0], result.leaderboard, "asc" if spec.leaderboard[1] == "asc" else "desc")
        for spec, result in zip(fixtures.tests, results, strict=True)
        if spec.leaderboard is not None and result.leaderboard is not None
    ]
    return Report(
        assignment=assignment.name,
        title=assignment.title,
        parts=part_scores([(part.name, part.title) for part in assignment.parts], results),
        tests=tuple(results),
        notes=tuple(clean_text(note, 1000) for note in notes),
        leaderboard=tuple(rows),
        isolation="+".join(layers),
        seconds=seconds,
    )
