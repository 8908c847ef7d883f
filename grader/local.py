"""The students' side: runs the public tests in this process and judges them as grading does.

`run` serves `grader check`, the handout's runner and notebooks. Plain `pytest` in a handout uses `student.plugin`.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from grader.assignment import Assignment
from grader.errors import UsageError
from grader.fixtures import Fixtures
from grader.judge.assemble import command_for, make_report, name_missing_files, notes_on_names
from grader.judge.score import judge_all
from grader.modules import as_modules
from grader.questions import seed_of
from grader.recording import Observation, Recording
from grader.report import Report, TestResult
from grader.student.calls import Calls
from grader.student.debug import Breakpoints
from grader.student.handout import find_handout as find_handout  # for callers that begin with a folder
from grader.student.handout import notes_on_answers, notes_on_given, notes_on_imports, submission_in
from grader.student.limit import MOST_SECONDS, TooLong, time_limit
from grader.testing.explain import student_frames
from grader.testing.plugin import OWN_OPTIONS, TestingPlugin, pytest_arguments

Step = Callable[[int, int, str], None]
"""Called before each test with the number of finished tests, the number of all, and the test's id."""


@dataclass(frozen=True)
class Run:
    """One run of public tests."""

    report: Report
    """Has only the tests that ran."""
    interrupted: bool = False
    """Whether Ctrl-C, or `q` in a debugger, ended the run before its end."""


class _Collected:
    """A Recorder that keeps observations until the test is over, each with the function that was called before it."""

    def __init__(self, calls: Calls) -> None:
        self.observations: list[Observation] = []
        self.places: dict[str, str] = {}
        self._calls = calls

    def add(self, observation: Observation) -> None:
        """Keep a copy of the values, because code that works in place may change them later."""
        values = {
            role: value if value.array is None else value._replace(array=value.array.copy())
            for role, value in observation.values.items()
        }
        self.observations.append(observation._replace(values=values))
        self.places[observation.name] = self._calls.place_of(observation.name)


class _Loop:
    """Runs the collected tests one by one and keeps their recordings, by id."""

    def __init__(
        self,
        plugin: TestingPlugin,
        folder: Path,
        assignment: Assignment,
        wanted: Sequence[str] | None,
        step: Step | None,
    ) -> None:
        self.recordings: dict[str, Recording] = {}
        self.places: dict[str, dict[str, str]] = {}
        self.errors: list[str] = []
        self.imported: set[str] = set()
        self.interrupted = False
        self._plugin = plugin
        self._folder = folder
        self._assignment = assignment
        self._wanted = wanted
        self._step = step
        self._breakpoints = Breakpoints()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(str(report.longrepr))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = [item for item in session.items if self._wanted is None or item.nodeid in self._wanted]
        try:
            for done, item in enumerate(items):
                if self._step is not None:
                    self._step(done, len(items), item.nodeid)
                recording = self._run(item)
                if self._breakpoints.left:
                    raise KeyboardInterrupt  # it ended the test, too
                self.recordings[item.nodeid] = recording
        except (KeyboardInterrupt, pytest.exit.Exception):
            self.interrupted = True
        return True

    def _run(self, item: pytest.Item) -> Recording:
        submission = submission_in(self._folder, self._assignment)
        calls = Calls(self._folder)
        recorder, output = _Collected(calls), io.StringIO()
        self.places[item.nodeid] = recorder.places
        seconds = min(self._assignment.limits.test_seconds, MOST_SECONDS)
        submission.install()
        try:
            with self._watched(output, seconds), calls.watched():
                seed = seed_of(str(self._assignment.seed), item.nodeid)
                ended = self._plugin.run(item, submission, self._folder, recorder, given=False, seed=seed)
        except TooLong as error:
            frames = student_frames(error.__traceback__, self._folder)
            message = f"stopped after {seconds:g} s; the code doesn't end, or is far slower than needed"
            story = "\n".join([message, *frames])
            return Recording("timeout", story, tuple(recorder.observations), output.getvalue())
        finally:
            recorder.places[""] = calls.place
            self.imported.update(submission.imported())
            submission.uninstall()
        claimed = ended.claimed_score
        if isinstance(claimed, np.generic):
            claimed = claimed.item()
        score = claimed if isinstance(claimed, int | float) else None
        return Recording(ended.claim, ended.message, tuple(recorder.observations), output.getvalue(), score)

    @contextlib.contextmanager
    def _watched(self, output: io.StringIO, seconds: float) -> Iterator[None]:
        """Keep what the code prints, let debuggers reach the terminal, and limit the time."""
        with (
            self._breakpoints.on_terminal(),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(output),
            time_limit(seconds, self._folder),
        ):
            yield


def check(assignment: Assignment, fixtures: Fixtures, folder: Path, parts: Sequence[str] = ()) -> Report:
    """Run the public tests of some parts, or of all, and return the report; see `run`."""
    return run(assignment, fixtures, folder, parts).report


def run(
    assignment: Assignment,
    fixtures: Fixtures,
    folder: Path,
    parts: Sequence[str] = (),
    tests: Sequence[str] | None = None,
    step: Step | None = None,
) -> Run:
    """Run the public tests on the code in `folder` and judge them as grading does.

    Args:
        assignment: the assignment; its `folder` holds the test files.
        fixtures: the public fixtures.
        folder: the student's code; it isn't copied.
        parts: the parts to run; empty for all.
        tests: the ids of the tests to run, of those parts; None for all.
        step: called before each test.

    Raises:
        UsageError: a part doesn't exist, or the test files can't be imported.
    """
    for part in parts:
        if part not in {known.name for known in assignment.parts}:
            raise UsageError(f"no part '{part}'; there are: {', '.join(known.name for known in assignment.parts)}")
    specs = [
        spec for spec in fixtures.tests if (not parts or spec.part in parts) and (tests is None or spec.id in tests)
    ]
    plugin = TestingPlugin(assignment.library)
    named = {spec.part for spec in specs}
    files = [f"test_{part.name}.py" for part in assignment.parts if part.name in named]
    with as_modules(folder.resolve(), assignment.submission, fixtures.required) as modules:
        loop = _Loop(plugin, modules.folder, assignment, tests, step)
        if files:
            with _without_own_options():
                pytest.main(pytest_arguments(assignment.folder, files), plugins=[plugin, loop])
        absent = [name for name in fixtures.required if not (modules.folder / name).is_file()]
    if loop.errors:
        raise UsageError("the tests can't be loaded; download the handout again:\n" + "\n".join(loop.errors))
    left = 0
    if loop.interrupted:
        left = sum(spec.id not in loop.recordings for spec in specs)
        specs = [spec for spec in specs if spec.id in loop.recordings]
    missing = Recording("crashed", "the test didn't run")
    pairs = [(spec, loop.recordings.get(spec.id, missing)) for spec in specs]
    results = judge_all(pairs, fixtures.alternatives, lambda spec: command_for(assignment, spec), show_expected=True)
    results = name_missing_files(results, absent, assignment.submission)
    placed = [_placed(result, loop.places.get(result.id, {})) for result in results]
    shown = replace(assignment, parts=tuple(part for part in assignment.parts if not parts or part.name in parts))
    notes = [f"Stopped: {left} test{'s' * (left != 1)} didn't run."] if loop.interrupted else []
    notes += notes_on_imports(loop.imported, assignment)
    notes += notes_on_given(folder, assignment)
    notes += notes_on_answers(folder, fixtures.required)
    notes += notes_on_names(results)
    notes += modules.notes
    report = make_report(shown, Fixtures(tuple(specs), fixtures.required), placed, notes=notes)
    return Run(report, loop.interrupted)


@contextlib.contextmanager
def _without_own_options() -> Iterator[None]:
    own = {name: os.environ.pop(name) for name in OWN_OPTIONS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(own)


def _placed(result: TestResult, places: dict[str, str]) -> TestResult:
    """A result with the function that gave its first wrong value, or that isn't written."""
    wrong = next((check.name for check in result.checks if not check.passed), "")
    last = places.get("", "") if result.status == "missing" else ""
    return replace(result, place=places.get(wrong, last))
