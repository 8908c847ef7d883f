"""The students' side: runs the public tests in this process, with pytest's own failure messages.

`check` runs them for `grader check` and the handout's runner, and makes a report as grading does. The handout's
conftest.py registers `LocalPlugin`, so that plain `pytest` works there too, also with `--pdb`.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import signal
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np
import pytest

from grader.assignment import Assignment, read_assignment
from grader.errors import GraderError, UsageError
from grader.fixtures import PUBLIC, Alternative, Fixtures, TestSpec, load
from grader.judge.assemble import command_for, make_report
from grader.judge.score import judge_checks, judge_test
from grader.questions import fixtures_file, seed_of
from grader.recording import Observation, Recording
from grader.report import Report
from grader.testing.explain import explain
from grader.testing.plugin import Interruption, TestingPlugin, pytest_arguments
from grader.testing.submission import Submission


def find_handout(folder: Path) -> Path:
    """Return the folder of tests in an unpacked handout; raises UsageError if `folder` isn't a handout."""
    found = sorted(folder.glob("autograder/**/assignment.toml"))
    if not found:
        raise UsageError(
            f"{folder} isn't an unpacked handout: it has no autograder/ folder with an assignment.toml; "
            "run this in the folder that you downloaded, or name the assignment with --assignment"
        )
    return found[0].parent


def submission_in(folder: Path, assignment: Assignment) -> Submission:
    """Return the code in a folder as the `submission` of tests."""
    spec = assignment.submission
    return Submission(folder, spec.path, spec.forbid, assignment.helpers)


class Collected:
    """A Recorder that keeps observations until the test is over."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def add(self, observation: Observation) -> None:
        """Keep a copy of the values, because code that works in place may change them later."""
        values = {
            role: value if value.array is None else replace(value, array=value.array.copy())
            for role, value in observation.values.items()
        }
        self.observations.append(replace(observation, values=values))


class Asserting:
    """A Recorder that fails the test at the first wrong value, so that a debugger stops at that check."""

    def __init__(self, spec: TestSpec | None, alternatives: Sequence[Alternative]) -> None:
        accepted = [item.observations for item in alternatives if item.credit == 1]
        self._consistent = [spec.expected, *accepted] if spec is not None else []

    def add(self, observation: Observation) -> None:
        """Compare with the expected values; raises AssertionError once no consistent set of values fits."""
        __tracebackhide__ = True
        if not self._consistent:
            return  # a test that the student wrote has no expected values
        message = ""
        still = []
        for expected in self._consistent:
            wanted = [item for item in expected if item.name == observation.name]
            results = judge_checks(wanted, [observation], show_expected=True)
            wrong = [result for result in results if not result.passed]
            if not wrong:
                still.append(expected)
            elif not message:
                hint = f"\nHint: {wrong[0].hint}" if wrong[0].hint else ""
                message = f"{wrong[0].name}: {wrong[0].message}{hint}"
        if not still:
            raise AssertionError(message)
        self._consistent = still


class ServingPlugin(TestingPlugin):
    """Serves `submission`, `rng` and `check` to plain pytest."""

    def __init__(self, assignment: Assignment, fixtures: Fixtures, folder: Path) -> None:
        """Serve the code in `folder` to the tests of an assignment."""
        self._assignment = assignment
        self._fixtures = fixtures
        self._tests = assignment.folder
        self._folder = folder
        super().__init__(assignment.library)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Give each test a fresh import of the student's files and a recorder that asserts."""
        identity = item.nodeid
        if item.path.is_relative_to(self._tests):
            # use the id that grading uses, so that the seed doesn't depend on pytest's current folder
            identity = item.path.relative_to(self._tests).as_posix() + item.nodeid[item.nodeid.index("::") :]
        spec = next((spec for spec in self._fixtures.tests if spec.id == identity), None)
        recorder = Asserting(spec, self._fixtures.alternatives.get(identity, ()))
        submission = submission_in(self._folder, self._assignment)
        seed = seed_of(str(self._assignment.seed), identity)
        self.begin(identity, submission, self._folder, recorder, given=False, seed=seed)
        submission.install()
        try:
            return (yield)
        finally:
            submission.uninstall()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show the student's frames without ours; of code that isn't written yet, only what to write.

        The frames are kept also where only a message is shown, so that `--pdb` stops where the exception was raised.
        """
        if call.excinfo is not None:
            error = call.excinfo.value
            call.excinfo = pytest.ExceptionInfo.from_exc_info((type(error), error, _own_frames(call.excinfo.tb)))
        report = yield
        if call.excinfo is not None and report.outcome == "failed":
            claim, message = explain(call.excinfo.value, self._folder, self.library)
            if claim in ("missing", "refused"):
                _show_only(message, item, report)
        return report


class LocalPlugin(ServingPlugin):
    """Serves a student's own code in a handout."""

    def __init__(self, folder: Path) -> None:
        """Serve the code in `folder`, an unpacked handout."""
        assignment = read_assignment(find_handout(folder))
        super().__init__(assignment, load(fixtures_file(assignment, PUBLIC), assignment), folder)


class AuthorPlugin(ServingPlugin):
    """Serves the reference to its author."""

    @classmethod
    def of(cls, tests: Path) -> AuthorPlugin | None:
        """Return a plugin for the assignment in `tests`; None if it has no reference or wrong settings."""
        try:
            assignment = read_assignment(tests)
        except GraderError:
            return None
        try:
            fixtures = load(fixtures_file(assignment, PUBLIC), assignment)
        except GraderError:
            fixtures = Fixtures((), ())  # not recorded yet: nothing is compared
        return cls(assignment, fixtures, assignment.reference) if assignment.reference.is_dir() else None


def _own_frames(trace: TracebackType) -> TracebackType:
    """A traceback without frames of this package and of Python's import system; the whole one if no other is in it."""
    machinery = (f"{Path(__file__).parent}{os.sep}", importlib.__file__, "<frozen importlib")
    entries = []
    entry: TracebackType | None = trace
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    kept = None
    for entry in reversed(entries):
        if not entry.tb_frame.f_code.co_filename.startswith(machinery):
            kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return kept or trace


def _show_only(message: str, item: pytest.Item, report: pytest.TestReport) -> None:
    """Make the report of a failed test show a message and no traceback."""
    try:
        pytest.fail(message, pytrace=False)
    except pytest.fail.Exception:
        report.longrepr = item.repr_failure(pytest.ExceptionInfo.from_current())


class _TooLong(Interruption):
    """The alarm raises it in code that runs too long."""


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after `seconds` if the system has alarms; code that catches every exception goes on."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Loop:
    """Runs the collected tests one by one and keeps their recordings, by id."""

    def __init__(self, plugin: TestingPlugin, folder: Path, assignment: Assignment) -> None:
        self.recordings: dict[str, Recording] = {}
        self.errors: list[str] = []
        self._plugin = plugin
        self._folder = folder
        self._assignment = assignment

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(str(report.longrepr))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item in session.items:
            self.recordings[item.nodeid] = self._run(item)
        return True

    def _run(self, item: pytest.Item) -> Recording:
        submission = submission_in(self._folder, self._assignment)
        recorder, output = Collected(), io.StringIO()
        seconds = self._assignment.limits.test_seconds
        submission.install()
        try:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), _time_limit(seconds):
                seed = seed_of(str(self._assignment.seed), item.nodeid)
                ended = self._plugin.run(item, submission, self._folder, recorder, given=False, seed=seed)
        except _TooLong:
            message = f"stopped after {seconds:g} s; the code doesn't end, or is far slower than needed"
            return Recording("timeout", message, output=output.getvalue())
        finally:
            submission.uninstall()
        claimed = ended.claimed_score
        if isinstance(claimed, np.generic):
            claimed = claimed.item()
        score = claimed if isinstance(claimed, int | float) else None
        return Recording(ended.claim, ended.message, tuple(recorder.observations), output.getvalue(), score)


def check(assignment: Assignment, fixtures: Fixtures, folder: Path, parts: Sequence[str] = ()) -> Report:
    """Run the public tests on the code in `folder` and judge them as grading does.

    Args:
        assignment: the assignment; its `folder` holds the test files.
        fixtures: the public fixtures.
        folder: the student's code; it isn't copied.
        parts: the parts to run; empty for all.

    Raises:
        UsageError: a part doesn't exist, or the test files can't be imported.
    """
    for part in parts:
        if part not in {known.name for known in assignment.parts}:
            raise UsageError(f"no part '{part}'; there are: {', '.join(known.name for known in assignment.parts)}")
    wanted = [part for part in assignment.parts if not parts or part.name in parts]
    public = {spec.part for spec in fixtures.tests}
    plugin = TestingPlugin(assignment.library)
    loop = _Loop(plugin, folder.resolve(), assignment)
    files = [f"test_{part.name}.py" for part in wanted if part.name in public]
    pytest.main(pytest_arguments(assignment.folder, files), plugins=[plugin, loop])
    if loop.errors:
        raise UsageError("the tests can't be loaded; download the handout again:\n" + "\n".join(loop.errors))
    specs = [spec for spec in fixtures.tests if spec.part in {part.name for part in wanted}]
    missing = Recording("crashed", "the test didn't run")
    results = [
        judge_test(
            spec,
            fixtures.alternatives.get(spec.id, ()),
            loop.recordings.get(spec.id, missing),
            command=command_for(assignment, spec),
            show_expected=True,
        )
        for spec in specs
    ]
    shown = replace(assignment, parts=tuple(wanted))
    return make_report(shown, Fixtures(tuple(specs), fixtures.required), results)
