"""What each process of a class run holds: a worker with its fixtures, which grades one hand-in after another."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from grader import __version__
from grader.assignment import Assignment, Limits
from grader.classroom.stored import encode
from grader.errors import AssignmentError
from grader.files import own_files
from grader.fixtures import digest, load_current
from grader.grade import demand_isolation, grade_in
from grader.judge.memo import Memo
from grader.levels import Level
from grader.questions import fixtures_file, read_questions
from grader.report import Report
from grader.sandbox.worker import Worker
from grader.settings import load_assignment
from grader.suite.run import opened_suite

CODE = Path(__file__).resolve().parents[1]
"""The grader's own package."""


@dataclass(frozen=True)
class Terms:
    """What a class is graded with; it is sent to each process, which may be on another machine."""

    project: Path
    """Of the assignment; for a suite, the suite's folder."""
    assignment: str
    """Its name; empty for a suite."""
    limits: tuple[tuple[str, float | None], ...] = ()
    """Names and values of limits that replace the assignment's."""
    level: Level = "full"
    minimum: Level = "none"
    together: bool = False
    """Whether a suite's tests run in one process."""
    programs: bool = False
    """Whether a suite's tests may start programs."""

    def load(self) -> Assignment:
        """Return the assignment with these limits."""
        return load_assignment(self.project, self.assignment).with_limits(**dict(self.limits))


@dataclass(frozen=True)
class Judge:
    """Grades the hand-ins of one class."""

    grade: Callable[[Path], Report]
    state: str
    """The digest of all that a score depends on beside the hand-in."""
    isolation: str
    unchanged: Callable[[], bool]

    def report(self, path: Path, state: str) -> str:
        """Grade one hand-in and return its report as `stored.encode` makes it.

        Raises AssignmentError if this process isn't in the state of the run, or left it.
        """
        if state != self.state:
            raise AssignmentError(
                path, None, "this process has other fixtures, versions or isolation than the run; make them equal"
            )
        if not self.unchanged():
            raise AssignmentError(
                path, None, "the fixtures changed while the class was graded; run this again to grade with the new ones"
            )
        return encode(self.grade(path))


@contextmanager
def judge(terms: Terms) -> Iterator[Judge]:
    """Make a judge; its worker starts before the fixtures are read, because both take equally long."""
    if not terms.assignment:
        limits = replace(Limits().replaced(**dict(terms.limits)), programs=terms.programs)
        with opened_suite(terms.project, limits, level=terms.level, together=terms.together) as suite:
            suite.worker.wait_ready()
            isolation = demand_isolation(suite.worker, terms.minimum)
            state = _state(
                {
                    **_versions(),
                    "isolation": isolation,
                    "suite": _hashes(terms.project),
                    **asdict(limits),
                    "together": terms.together,
                }
            )
            stamps = _stamps(terms.project)
            yield Judge(
                lambda path: suite.grade(path, minimum=terms.minimum),
                state,
                isolation,
                lambda: _stamps(terms.project) == stamps,
            )
        return
    assignment = terms.load()
    with Worker(assignment, read_questions(assignment), level=terms.level) as worker:
        file = fixtures_file(assignment)
        seen = _stamp(file)
        fixtures = load_current(assignment)
        worker.wait_ready()
        isolation = demand_isolation(worker, terms.minimum)
        state = _state(
            {
                **_versions(),
                "isolation": isolation,
                "fixtures": digest(file.read_bytes()),
                "settings": repr((assignment.seed, assignment.library, assignment.submission, assignment.limits)),
                "reference": _hashes(assignment.reference),
            }
        )
        memo = Memo()
        yield Judge(
            lambda path: grade_in(worker, fixtures, path, minimum=terms.minimum, memo=memo),
            state,
            isolation,
            lambda: _stamp(file) == seen,
        )


def about(held: Judge) -> tuple[str, str]:
    """Return a judge's state and isolation; a task for its process."""
    return held.state, held.isolation


def report(held: Judge, path: Path, state: str) -> str:
    """Grade one hand-in; a task for a judge's process."""
    return held.report(path, state)


def _versions() -> dict[str, Any]:
    # a checkout's code changes without its version, and a cluster's workers may have another checkout
    code = digest(repr([entry for entry in _hashes(CODE) if entry[0].endswith(".py")]).encode())
    found = {"python": sys.version, "grader": __version__, "code": code}
    for name in ("numpy", "torch", "pytest"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _hashes(folder: Path) -> list[tuple[str, str]]:
    return [(name, digest(file.read_bytes())) for name, file in own_files(folder).items()]


def _stamps(folder: Path) -> list[tuple[int, int, int]]:
    return [_stamp(file) for file in own_files(folder).values()]


def _stamp(file: Path) -> tuple[int, int, int]:
    """What changes with a file; zeros if it is gone."""
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns


def _state(parts: dict[str, Any]) -> str:
    return digest(json.dumps(parts, sort_keys=True, default=str).encode())
