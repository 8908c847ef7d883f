"""The stages of one grading.

    submission --ingest--> clean folder --convert--> modules --worker--> recordings --judge--> results --> report

It runs in the trusted process. Student code runs only in the worker's children, which have all ended when the report
is returned.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grader.assignment import Assignment
from grader.conversion import convert
from grader.errors import InternalError, SubmissionError
from grader.levels import Level, at_least, level_of
from grader.questions import read_questions
from grader.sandbox.conceal import concealed
from grader.sandbox.launch import Zygote
from grader.sandbox.worker import Worker
from grader.schedule import Progress, run_tests

if TYPE_CHECKING:
    from grader.fixtures import Fixtures
    from grader.judge.memo import Memo
    from grader.report import Report


def grade(
    assignment: Assignment,
    source: Path,
    *,
    before: Callable[[Report], None] | None = None,
    progress: Progress | None = None,
    zygote: Zygote | None = None,
    level: Level = "full",
    minimum: Level = "none",
    deadline: float | None = None,
    ignored: Collection[str] = (),
    single: bool = False,
) -> Report:
    """Grade one submission with an assignment's own fixtures.

    Args:
        assignment: the assignment to grade against; its fixtures must be current.
        source: the hand-in: a folder, an archive or a single file.
        before: called with a report in which all tests failed, before any code of the submission runs.
        progress: called before each child, with the tests that are done.
        zygote: a zygote that was started before, to save its start-up time.
        level: the strongest isolation to use, if this machine supports it.
        minimum: the weakest isolation to accept.
        deadline: by time.monotonic(); tests that haven't run by then time out.
        ignored: names at the top of a folder that don't belong to the hand-in, such as a platform's script.
        single: whether to refuse a source that looks like the hand-ins of a class.

    Raises:
        AssignmentError: the assignment or its fixtures are wrong.
        UsageError: there is no such hand-in, or it is a link, or there are many.
        InternalError: the machine failed, or the worker could not be made to run; no score is given.
    """
    with Worker(assignment, read_questions(assignment), zygote, level) as worker:
        # imported after the worker's start, because both take equally long and run at the same time
        from grader.fixtures import load_current

        fixtures = load_current(assignment)
        if single:
            from grader.intake.crowd import demand_one

            demand_one(source, assignment.submission, fixtures.required, assignment.name)
        return grade_in(
            worker,
            fixtures,
            source,
            before=before,
            progress=progress,
            minimum=minimum,
            deadline=deadline,
            ignored=ignored,
        )


def grade_in(
    worker: Worker,
    fixtures: Fixtures,
    source: Path,
    *,
    before: Callable[[Report], None] | None = None,
    progress: Progress | None = None,
    minimum: Level = "none",
    deadline: float | None = None,
    only: Collection[str] | None = None,
    together: bool = True,
    ignored: Collection[str] = (),
    taken: Callable[[Sequence[str]], None] | None = None,
    memo: Memo | None = None,
) -> Report:
    """Grade one submission in a worker, which may have graded others before.

    This is the only pipeline: a single grading, a suite and an audit all use it. `only` has the ids of the tests to run
    and to report; None means all. `together` False runs every test alone. `taken` is called with the hand-in's files
    when they are in the worker's folder. `memo` remembers these fixtures' results. The other arguments and the errors
    are those of `grade`.
    """
    from grader.intake.notes import listed
    from grader.intake.take import ingest
    from grader.judge.assemble import failed_report, make_report, name_missing_files, notes_on_names

    start = time.monotonic()
    assignment = worker.assignment
    if before is not None:
        before(failed_report(assignment, fixtures, "internal", "the grading didn't come to its end"))
    nothing = partial(failed_report, assignment, fixtures, submission=source.name, taken=False)
    worker.empty_submission()
    try:
        intake = ingest(
            source,
            assignment.submission,
            fixtures.required,
            worker.submission,
            assignment.reference,
            template=assignment.template,
            ignored=ignored,
        )
    except SubmissionError as error:
        notes = [str(error)]
        return nothing("error", str(error), notes=notes)
    if fixtures.required and not intake.files:
        wanted = ", ".join(intake.missing or fixtures.required)
        has = f"it has {listed(intake.left_out)}" if intake.left_out else "it is empty"
        message = f"the hand-in has none of the files that are graded ({wanted}); {has}"
        notes = [message, *intake.notes]
        return nothing("missing", message, notes=notes)
    demand_tests(worker, fixtures)
    converted = convert(worker, intake)
    notes = [*intake.notes, *converted.notes]
    if converted.refusal:
        return nothing("error", converted.refusal, notes=notes)
    if taken is not None:
        taken(tuple(dict.fromkeys([*intake.files, *(name for item in intake.notebooks for name in item.targets)])))
    if only is not None:
        fixtures = replace(fixtures, tests=tuple(spec for spec in fixtures.tests if spec.id in only))
    isolation = demand_isolation(worker, minimum)
    guards = set(worker.layers) - ({"landlock"} if worker.may_read(assignment.project) else set())
    # `--max-isolation` below landlock is for testing: don't insist on Landlock then
    with concealed(assignment.project, worker.needed, guards, demanded=at_least(worker.level, "landlock")):
        results = run_tests(worker, fixtures, progress, deadline, together=together, memo=memo)
    results = name_missing_files(results, intake.missing, assignment.submission, intake.left_out)
    seconds = time.monotonic() - start
    notes = [*notes_on_names(results), *notes]
    return make_report(
        assignment,
        fixtures,
        results,
        notes=notes,
        isolation=isolation,
        seconds=seconds,
        submission=source.name,
    )


def demand_tests(worker: Worker, fixtures: Fixtures) -> None:
    """Wait until a worker is ready; raises AssignmentError unless it collected the recorded tests and no others."""
    visible = [spec.id for spec in fixtures.tests if spec.visibility == "visible"]
    worker.demand(visible, [spec.id for spec in fixtures.tests if spec.visibility != "visible"])


def demand_isolation(worker: Worker, minimum: Level) -> str:
    """Return the level of a ready worker, with its layers, for the report.

    Raises:
        InternalError: the level is below `minimum`.
    """
    level = level_of(worker.layers)
    if not at_least(level, minimum):
        raise InternalError(f"the isolation here is '{level}', and '{minimum}' is demanded; see: grader doctor")
    programs = "; programs may be started" if worker.assignment.limits.programs else ""
    return f"{level} ({', '.join(worker.layers)}{programs})"
