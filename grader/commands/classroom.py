"""The command that grades a class."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands.common import (
    DONE,
    FAILED,
    INTERNAL,
    assignment_of,
    bar_on_terminal,
    count,
    project_of,
    reopen_answers,
    say,
)
from grader.commands.grading import limits_of
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.classroom.judging import Terms
    from grader.classroom.local import LocalEngine
    from grader.classroom.run import Engine, Progress
    from grader.gradebook import ClassList, Gradebook, HandIn

EVERY_SECONDS = 10.0
"""How often a line is printed where there is no terminal."""


def run_class(options: argparse.Namespace) -> int:
    """Grade a class, and write gradebooks and pages."""
    from grader.classroom.judging import Terms
    from grader.classroom.lateness import FreeDays, parse_days, parse_due
    from grader.classroom.points import POINTS, read_points
    from grader.classroom.run import run_class as run
    from grader.classroom.sources.crowds import with_doubts, without_crowds
    from grader.classroom.sources.find import find
    from grader.classroom.store import Store, read_book, read_spent
    from grader.fixtures import load_current

    assignment = _assignment(options)
    terms = Terms(
        (options.suite or project_of(options)).resolve(),
        assignment.name if assignment is not None else "",
        tuple(limits_of(options).items()),
        options.max_isolation,
        options.min_isolation,
        options.together,
        options.programs,
    )
    title = assignment.title if assignment is not None else options.suite.resolve().name
    worksheet = _read(options.moodle) if options.moodle is not None else None
    earlier = read_book(options.against) if options.against is not None else None
    due = parse_due(options.due) if options.due is not None else None
    if options.output.resolve() in {run.resolve() for run in options.spent}:
        raise UsageError(f"--spent {options.output} is this run itself; name those of earlier homework")
    each = parse_days(options.free_days, "--free-days") if options.free_days is not None else None
    free = FreeDays(each, read_spent(options.spent))
    required = load_current(assignment).required if assignment is not None else ()
    points = read_points(options.output / POINTS, assignment) if assignment is not None else None
    with Store(options.output.resolve(), shared=options.shard is not None) as store:
        found = find(
            options.source.resolve(),
            store.stage,
            kind=options.kind,
            pattern=options.pattern,
            pick=options.pick,
            roster=options.roster,
            required=required,
            due=due,
            free=free,
        )
        if assignment is not None:
            found = without_crowds(found, assignment.submission, required, assignment.name)
        else:
            found = with_doubts(found)
        say(f"{count(found.hand_ins, 'hand-in')}, read as {found.kind}: {found.why}")
        if assignment is not None and assignment.late is not None and not any(_dated(one) for one in found.hand_ins):
            say("the assignment takes points off late work, but nothing says when it was due; name that with --due")
        if (assignment is None or assignment.late is None) and any(one.free_days for one in found.hand_ins):
            say("free days change nothing here, because the assignment has no [late]")
        if options.shard is not None:
            found = _shard(found, *options.shard)
            say(f"this shard has {count(found.hand_ins, 'hand-in')} of them")
        with _engine(options, terms, assignment) as engine, _shown(title) as show:
            book, files = run(found, store, engine, assignment=assignment, title=title, show=show)
        broken = [entry for entry in book.entries if entry.standing == "not graded" and entry.hand_in is not None]
        if options.shard is not None:
            say("wrote the reports of this shard; when all shards are done, run this without --shard")
            return INTERNAL if broken else DONE
        from grader.classroom.outputs import write_outputs  # the charts' library takes a second

        book, notes, changes = write_outputs(
            store,
            book,
            files,
            assignment=assignment,
            points=points,
            against=earlier,
            zero_absent=options.zero_absent,
            canvas_column=options.canvas,
            worksheet=worksheet,
            test_seconds=assignment.limits.test_seconds if assignment is not None else None,
        )
    for note in notes:
        say(f"note: {note}")
    _summarise(book, options.output)
    if not book.complete:
        say("incomplete: it was interrupted; run the same command again to go on")
        return 130
    if broken:
        say(
            f"not graded, and not by their own fault: {', '.join(entry.key for entry in broken[:10])}; see problems.csv"
        )
        return INTERNAL
    if changes is not None:
        number = len(changes.losers)
        gain = sum(change.gain > 0 for change in changes.students)
        say(
            f"{number} of {len(book.entries)} hand-ins lose points against {options.against}, {gain} gain, "
            f"{changes.unchanged} have no change: see report.html"
        )
        return FAILED if changes.losers else DONE
    return DONE


def _dated(hand_in: HandIn) -> bool:
    return hand_in.due is not None or hand_in.late is not None


def _assignment(options: argparse.Namespace) -> Assignment | None:
    if (options.suite is None) == (options.assignment is None):
        options.parser.error("name an assignment, or a suite with --suite, and one folder or archive of hand-ins")
    if options.suite is not None:
        return None
    reopen_answers(options)
    return assignment_of(options).with_limits(**limits_of(options))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}") from None


def _engine(options: argparse.Namespace, terms: Terms, assignment: Assignment | None) -> AbstractContextManager[Engine]:
    if options.dask is not None or options.scheduler_file is not None:
        from grader.classroom.cluster import DaskEngine

        return DaskEngine(terms, options.dask, options.scheduler_file)
    return _local(options, terms, assignment)


@contextmanager
def _local(options: argparse.Namespace, terms: Terms, assignment: Assignment | None) -> Iterator[LocalEngine]:
    from grader.assignment import Limits
    from grader.classroom.local import LocalEngine, fitting_jobs
    from grader.commands.common import outside

    memory = assignment.limits.memory_mb if assignment is not None else Limits().memory_mb
    jobs = fitting_jobs(options.jobs, memory)
    less = f" ({options.jobs} wouldn't fit into the memory)" if jobs < options.jobs else ""
    say(f"{jobs} at once, {memory} MiB for each{less}")
    with outside(), LocalEngine(terms, jobs) as engine:
        yield engine


def _shard(found: ClassList, number: int, of: int) -> ClassList:
    from grader.fixtures import digest

    def mine(key: str) -> bool:
        return int(digest(key.encode("utf-8", "surrogateescape")), 16) % of == number - 1

    return replace(found, hand_ins=tuple(hand_in for hand_in in found.hand_ins if mine(hand_in.key)))


@contextmanager
def _shown(title: str) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on a terminal; elsewhere a line from time to time."""
    if not sys.stderr.isatty():
        last = time.monotonic()

        def line(progress: Progress) -> None:
            nonlocal last
            if time.monotonic() - last >= EVERY_SECONDS:
                last = time.monotonic()
                say(f"{progress.done} of {progress.total}: {_counts(progress)}")

        yield line
        return
    with bar_on_terminal(transient=False) as bar:
        task = bar.add_task(title, total=None)
        told = ""

        def step(progress: Progress) -> None:
            nonlocal told
            if progress.last_problem != told:
                told = progress.last_problem
                bar.console.print(told, markup=False, highlight=False)
            bar.update(task, completed=progress.done, total=progress.total, description=f"{title}: {_counts(progress)}")

        yield step


def _counts(progress: Progress) -> str:
    counts = {
        "full": progress.full,
        "partial": progress.partial,
        "zero": progress.zero,
        "not graded": progress.not_graded,
        "kept": progress.kept,
    }
    said = [f"{number} {name}" for name, number in counts.items() if number or name == "full"]
    return ", ".join([*said, *([f"waiting for {progress.slowest}"] if progress.slowest else [])])


def _summarise(book: Gradebook, folder: Path) -> None:
    from grader.classroom.gradebooks.summary import problems_of

    standings = [entry.standing for entry in book.entries]
    problems = len(problems_of(book))
    print(
        f"{standings.count('graded')} graded, {standings.count('not graded')} not graded, "
        f"{standings.count('no submission')} without a submission"
    )
    if problems:
        print(f"a person must look at {problems} of them; {folder / 'problems.csv'} says why")
    print(f"wrote {folder / 'gradebook.csv'}, {folder / 'problems.csv'}, {folder / 'report.html'}")
