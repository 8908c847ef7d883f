"""Grades a class: what has no report yet is graded, each report is stored when it arrives, and nothing else stops it.

hand-ins --engine--> reports in the store --> entries --> Gradebook
"""

from __future__ import annotations

import queue
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Protocol

from grader.assignment import Assignment
from grader.classroom.lateness import doubt, spend
from grader.classroom.store import Store, content_digest
from grader.classroom.stored import decode
from grader.errors import AssignmentError, InternalError, UsageError
from grader.gradebook import ClassList, Entry, Gradebook, HandIn
from grader.report import Report

TRIES = 2
"""How often a hand-in is tried whose process died; the next process is a new one."""


class Engine(Protocol):
    """Runs gradings somewhere; `concurrent.futures` is the interface."""

    state: str
    isolation: str

    @property
    def width(self) -> int:
        """How many hand-ins it can have at once, so that each process has one and the next is there already."""

    def submit(self, path: Path) -> Future[str]:
        """Grade a hand-in; the future has the report as `stored.encode` makes it."""

    def abandon(self) -> None:
        """End everything at once."""


@dataclass
class Progress:
    """How far a run is, for people."""

    total: int
    full: int = 0
    partial: int = 0
    zero: int = 0
    not_graded: int = 0
    kept: int = 0
    """Graded by an earlier call."""
    last_problem: str = ""
    slowest: str = ""
    """The key of the hand-in that was begun first of those that run, when none ended for a while."""

    @property
    def done(self) -> int:
        """The hand-ins that are graded, or can't be."""
        return self.full + self.partial + self.zero + self.not_graded

    def count(self, report: Report) -> None:
        """Count one report."""
        if report.score >= report.max_score:
            self.full += 1
        elif report.score:
            self.partial += 1
        else:
            self.zero += 1


class GaveUp(InternalError):
    """The engine itself tried a hand-in more than once, and each time its process died."""


@dataclass
class _Task:
    hand_in: HandIn
    file: Path
    digest: str
    tries: int = 0


@dataclass
class _Run:
    """The state of one call."""

    store: Store
    engine: Engine
    show: Callable[[Progress], None]
    progress: Progress
    reports: dict[str, Report] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    stopping: bool = False
    finished: queue.SimpleQueue[tuple[_Task, Future[str]]] = field(default_factory=queue.SimpleQueue)
    running: dict[str, None] = field(default_factory=dict)
    """The keys of the hand-ins that the engine has, in the order in which it got them."""

    def grade(self, hand_ins: Sequence[HandIn]) -> None:
        """Grade what has no report; the errors are those of `run_class`.

        The engine gets a few at a time: an interrupt then has little to wait for, and little is in memory.
        """
        for hand_in in hand_ins:
            task = self._task(hand_in)
            if task is not None and not self.stopping:
                self._submit(task)
            while len(self.running) >= self.engine.width:
                self._take()
            self.show(self.progress)
        while self.running:
            self._take()

    def _submit(self, task: _Task) -> None:
        task.tries += 1
        self.running[task.hand_in.key] = None
        self.engine.submit(task.hand_in.path).add_done_callback(lambda done: self.finished.put((task, done)))

    def _take(self) -> None:
        """Wait until one is finished."""
        while True:
            self.show(self.progress)
            with suppress(queue.Empty):
                task, future = self.finished.get(timeout=1.0)
                break
            self.progress.slowest = next(iter(self.running))
        self.progress.slowest = ""
        del self.running[task.hand_in.key]
        if not self._finish(task, future):
            self._submit(task)

    def _task(self, hand_in: HandIn) -> _Task | None:
        """What is to be done for a hand-in; None if it is graded, or can't be."""
        try:
            digest = content_digest(hand_in.path)
        except InternalError as error:
            self._fail(hand_in, str(error))
            return None
        file = self._file(hand_in, digest)
        report = self.store.read(file)
        if report is None:
            return _Task(hand_in, file, digest)
        self.progress.kept += 1
        self._keep(hand_in, file, report)
        return None

    def _file(self, hand_in: HandIn, digest: str) -> Path:
        return self.store.file(hand_in.key, f"{digest} {self.engine.state}")

    def _finish(self, task: _Task, future: Future[str]) -> bool:
        """Store a report; False if the hand-in must be tried again."""
        try:
            text = future.result()
            report = decode(text)
            broken = [test.message for test in report.tests if test.status == "internal"]
            if broken:
                raise InternalError(broken[0])
            unchanged = self._unchanged(task)
        except CancelledError:
            raise InternalError(
                "the engine cancelled what it had to grade; all that was graded is kept, so run this again"
            ) from None
        except UsageError as error:  # it vanished, or is a link now
            self._fail(task.hand_in, str(error))
        except AssignmentError:
            raise
        except Exception as error:
            if task.tries < TRIES and not self.stopping and not isinstance(error, GaveUp):
                return False
            self._fail(task.hand_in, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        else:
            if not unchanged:
                if task.tries < TRIES and not self.stopping:
                    return False
                self._fail(task.hand_in, "it changed while it was graded; run this again when nobody writes to it")
                return True
            self.store.write(task.file, text)
            self._keep(task.hand_in, task.file, report)
        return True

    def _unchanged(self, task: _Task) -> bool:
        """Whether the hand-in still is what was graded; otherwise its report would have another one's name."""
        before, task.digest = task.digest, content_digest(task.hand_in.path)
        task.file = self._file(task.hand_in, task.digest)
        return task.digest == before

    def _keep(self, hand_in: HandIn, file: Path, report: Report) -> None:
        self.reports[hand_in.key], self.files[hand_in.key] = report, file
        self.progress.count(report)

    def _fail(self, hand_in: HandIn, why: str) -> None:
        self.problems[hand_in.key] = why
        self.progress.not_graded += 1
        self.progress.last_problem = f"{hand_in.key}: {why}"


def run_class(
    found: ClassList,
    store: Store,
    engine: Engine,
    *,
    assignment: Assignment | None,
    title: str,
    show: Callable[[Progress], None] = lambda progress: None,
) -> tuple[Gradebook, Mapping[str, Path]]:
    """Grade a class, and return its results with the file of each report.

    Args:
        found: who handed in what.
        store: holds the reports, also those of an earlier call.
        engine: grades.
        assignment: for late work; None for a suite.
        title: of the assignment or the suite.
        show: called often, with how far it is.

    An interrupt lets running gradings finish and returns an incomplete gradebook; a second one raises
    KeyboardInterrupt.

    Raises:
        InternalError: the disk is full, or the engine is gone; what was graded is kept.
        AssignmentError: the fixtures changed meanwhile.
    """
    store.demand_space(len(found.hand_ins))
    run = _Run(store, engine, show, Progress(len(found.hand_ins)))
    with _interrupts(run):
        run.grade(found.hand_ins)
    dated = any(hand_in.due is not None for hand_in in found.hand_ins)
    entries = [_entry(run, hand_in, assignment, dated) for hand_in in found.hand_ins]
    entries += [Entry(student.key, (student,), "no submission") for student in found.absent]
    entries += found.problems
    book = Gradebook(
        assignment.name if assignment is not None else title,
        title,
        tuple(sorted(entries, key=lambda entry: entry.key)),
        complete=not run.stopping,
        isolation=engine.isolation,
        state=engine.state,
        notes=(f"Read as {found.kind}: {found.why}.", *found.notes),
    )
    return book, run.files


def _entry(run: _Run, hand_in: HandIn, assignment: Assignment | None, dated: bool) -> Entry:
    report = run.reports.get(hand_in.key)
    if report is None:
        why = run.problems.get(hand_in.key, "the run was stopped before it; run this again")
        return Entry(hand_in.key, hand_in.students, "not graded", problem=why, hand_in=hand_in)
    late = assignment.late if assignment is not None else None
    problem = hand_in.problem
    if late is not None:
        problem = "; ".join(filter(None, (problem, doubt(hand_in, dated))))
    if late is not None and hand_in.lateness is not None:
        was_late = hand_in.lateness > timedelta(minutes=late.grace_minutes)
        hand_in = replace(spend(hand_in, late), late=was_late)
        assert hand_in.lateness is not None
        report = replace(report, kept=1 - late.taken(hand_in.lateness) / 100)
        if hand_in.spent_days:
            days = f"{hand_in.spent_days} free late day{'s' * (hand_in.spent_days != 1)}"
            left = (hand_in.free_days or 0) - hand_in.spent_days
            report = replace(report, notes=(*report.notes, f"{days} spent on this homework; {left} left."))
    return Entry(hand_in.key, hand_in.students, "graded", report, problem, hand_in)


@contextmanager
def _interrupts(run: _Run) -> Iterator[None]:
    """Stop after what is running at the first interrupt, at once at the second."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        if run.stopping:
            run.engine.abandon()
            raise KeyboardInterrupt
        run.stopping = True
        run.progress.last_problem = "stopping: what is being graded is finished; interrupt again to stop at once"

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
