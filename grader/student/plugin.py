"""Serves `submission`, `rng` and `check` to plain pytest in a handout, and says in a line a test what is wrong.

A run of pytest may have the tests of several handouts, as in an editor's workspace. One plugin serves them all, each
test from the handout that it is in.
"""

from __future__ import annotations

import atexit
import importlib
import os
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pytest

from grader.assignment import Assignment
from grader.errors import GraderError
from grader.fixtures import PUBLIC, Alternative, Fixtures, TestSpec, load
from grader.judge.score import fits, judge_checks
from grader.modules import as_modules
from grader.questions import fixtures_file, seed_of
from grader.recording import Observation
from grader.settings import read_assignment
from grader.student.calls import Calls
from grader.student.handout import find_handout, notes_on_given, notes_on_imports, submission_in
from grader.student.limit import MOST_SECONDS, TooLong, time_limit
from grader.testing.explain import explain, student_frames
from grader.testing.plugin import TestingPlugin

_NAME = "grader-handouts"


def serve(config: pytest.Config, folder: Path) -> None:
    """Serve the tests of the handout in `folder` in this run of pytest; its conftest.py calls it."""
    plugin = config.pluginmanager.get_plugin(_NAME)
    if plugin is None:
        plugin = Handouts()
        config.pluginmanager.register(plugin, _NAME)
    plugin.add(_Handout.of(folder))


def serve_author(config: pytest.Config, tests: Path) -> None:
    """Serve the reference to its author, for the assignment in `tests`; do nothing if its settings are wrong."""
    try:
        assignment = read_assignment(tests)
    except GraderError:
        return
    if not assignment.reference.is_dir():
        return
    try:
        fixtures = load(fixtures_file(assignment, PUBLIC), assignment)
    except GraderError:
        fixtures = Fixtures((), ())  # not recorded yet: nothing is compared
    plugin = Handouts()
    plugin.add(_Handout.laid_out(tests, assignment.reference, assignment, fixtures))
    config.pluginmanager.register(plugin, _NAME)


class Asserting:
    """A Recorder that fails the test at the first wrong value, so that a debugger stops at that check."""

    def __init__(self, spec: TestSpec | None, alternatives: Sequence[Alternative]) -> None:
        accepted = [item.observations for item in alternatives if item.credit == 1]
        self._consistent = [spec.expected, *accepted] if spec is not None else []
        self._mistakes = [item for item in alternatives if not item.credit]

    def add(self, observation: Observation) -> None:
        """Compare with the expected values; raises AssertionError once no consistent set of values fits."""
        __tracebackhide__ = True
        if not self._consistent:
            return  # a test that the student wrote has no expected values
        fitting = [item for item in self._mistakes if _fits(item.observations, observation)]
        hints = {item.hint for item in fitting}
        known = hints.pop() if len(hints) == 1 else ""
        self._mistakes = fitting
        message = ""
        still = []
        for expected in self._consistent:
            wanted = [item for item in expected if item.name == observation.name]
            results = judge_checks(wanted, [observation], show_expected=True)
            wrong = [result for result in results if not result.passed]
            if not wrong:
                still.append(expected)
            elif not message:
                hint = f"\nHint: {known or wrong[0].hint}" if known or wrong[0].hint else ""
                message = f"{wrong[0].name}: {wrong[0].message}{hint}"
        if not still:
            raise AssertionError(message)
        self._consistent = still


def _fits(expected: Sequence[Observation], observation: Observation) -> bool:
    """Whether an observation is the one of a known mistake."""
    wanted = [item for item in expected if item.name == observation.name]
    return bool(wanted) and fits(wanted, [observation])


@dataclass(frozen=True)
class _Handout:
    """One unpacked handout, or an assignment with its author's reference."""

    folder: Path
    code: Path
    """Where the student's modules are: the same folder, or a copy in which notebooks stand for modules."""
    tests: Path
    assignment: Assignment
    fixtures: Fixtures

    @classmethod
    def of(cls, folder: Path) -> _Handout:
        tests = find_handout(folder)
        assignment = read_assignment(tests)
        return cls.laid_out(folder, folder, assignment, load(fixtures_file(assignment, PUBLIC), assignment))

    @classmethod
    def laid_out(cls, folder: Path, code: Path, assignment: Assignment, fixtures: Fixtures) -> _Handout:
        """Lay the notebooks in `code` out as modules; `folder` has everything that is served."""
        opened = as_modules(code.resolve(), assignment.submission, fixtures.required)
        code = opened.__enter__().folder
        atexit.register(opened.__exit__, None, None, None)
        return cls(folder, code, assignment.folder, assignment, fixtures)

    def identity(self, item: pytest.Item) -> str:
        """The id that grading uses, so that the seed doesn't depend on pytest's current folder."""
        if not item.path.is_relative_to(self.tests):
            return item.nodeid
        return item.path.relative_to(self.tests).as_posix() + item.nodeid[item.nodeid.index("::") :]

    def spec(self, item: pytest.Item) -> TestSpec | None:
        identity = self.identity(item)
        return next((spec for spec in self.fixtures.tests if spec.id == identity), None)


class Handouts(TestingPlugin):
    """The plugin of plain pytest; tests outside of handouts run as without it."""

    def __init__(self) -> None:
        """Begin without a handout."""
        super().__init__("numpy")
        self._handouts: list[_Handout] = []
        self._entered: _Handout | None = None
        self._lines: list[str] = []
        self._imported: dict[Path, set[str]] = {}

    def add(self, handout: _Handout) -> None:
        """Serve one more handout."""
        self._handouts.append(handout)

    def _of(self, path: Path) -> _Handout | None:
        return next((handout for handout in self._handouts if path.is_relative_to(handout.folder)), None)

    def _enter(self, handout: _Handout) -> None:
        """Forget the other handouts' test modules: their names are often the same."""
        before, self._entered = self._entered, handout
        if before is handout or len(self._handouts) < 2:
            return
        others = [other.tests for other in self._handouts if other is not handout]
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and any(Path(file).is_relative_to(tests) for tests in others):
                del sys.modules[name]
        for tests in others:
            sys.path[:] = [entry for entry in sys.path if entry != str(tests)]
        sys.path.insert(0, str(handout.tests))
        importlib.invalidate_caches()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Import a test module beside the modules of its own handout."""
        handout = self._of(collector.path) if isinstance(collector, pytest.Module) else None
        if handout is not None:
            self._enter(handout)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Give each test a fresh import of the student's files and a recorder that asserts."""
        handout = self._of(item.path)
        if handout is None:
            return (yield)
        self._enter(handout)
        identity = handout.identity(item)
        recorder = Asserting(handout.spec(item), handout.fixtures.alternatives.get(identity, ()))
        submission = submission_in(handout.code, handout.assignment)
        seed = seed_of(str(handout.assignment.seed), identity)
        self.library = handout.assignment.library
        self.begin(item, submission, recorder, given=False, seed=seed)
        submission.install()
        try:
            return (yield)
        finally:
            if handout.spec(item) is not None:  # a student's own test may import what it likes
                self._imported.setdefault(handout.folder, set()).update(submission.imported())
            submission.uninstall()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """End a test that runs too long, unless a debugger may stop in it; remember the function that it called."""
        handout = self._of(item.path)
        if handout is None:
            return (yield)
        calls = Calls(handout.code)
        item.stash[_PLACE] = calls
        seconds = min(handout.assignment.limits.test_seconds, MOST_SECONDS)
        with time_limit(seconds, handout.code), calls.watched():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show the student's frames without ours; of code that isn't written yet, only what to write.

        The frames are kept also where only a message is shown, so that `--pdb` stops where the exception was raised.
        """
        handout = self._of(item.path)
        if handout is None:
            return (yield)
        if call.excinfo is not None:
            error = call.excinfo.value
            call.excinfo = pytest.ExceptionInfo.from_exc_info((type(error), error, _own_frames(call.excinfo.tb)))
        report = yield
        if call.excinfo is not None and report.outcome == "failed":
            error = call.excinfo.value
            claim: str
            if isinstance(error, TooLong):
                frames = student_frames(error.__traceback__, handout.code)
                claim = "timeout"
                message = "\n".join(["stopped: the code doesn't end, or is far slower than needed", *frames])
            else:
                claim, message = explain(error, handout.code, self.library)
            if claim in ("missing", "refused", "timeout"):
                _show_only(message, item, report)
            self._lines.append(_line(handout, item, message))
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a line for each file that grading hasn't, or has otherwise, and for each failed test."""
        notes = [note for one in self._handouts for note in notes_on_given(one.folder, one.assignment)]
        for one in self._handouts:
            notes += notes_on_imports(self._imported.get(one.folder, ()), one.assignment)
        lines = [*notes, *self._lines]
        if not lines:
            return
        terminalreporter.section("what to do", "-")
        for line in lines:
            terminalreporter.line(line)


_PLACE = pytest.StashKey[Calls]()


def _line(handout: _Handout, item: pytest.Item, message: str) -> str:
    spec = handout.spec(item)
    first, _, rest = message.partition("\n")
    calls = item.stash.get(_PLACE, None)
    frames = [line.strip() for line in rest.split("\n") if ", in " in line and ", line " in line]
    place = frames[-1].rpartition(": ")[0] if frames else calls.place if calls is not None else ""
    if first.startswith(("not implemented yet", "blocked")):
        place = ""
    hint = next((line for line in message.split("\n") if line.startswith("Hint: ")), "")
    name = (spec.number or spec.title) if spec is not None else item.name
    return f"{name}  {first}" + (f"  [{place}]" if place else "") + (f"  {hint}" if hint else "")


def _own_frames(trace: TracebackType) -> TracebackType:
    """A traceback without frames of this package and of Python's import system; the whole one if no other is in it."""
    package = f"{Path(__file__).resolve().parents[1]}{os.sep}"
    machinery = (package, importlib.__file__, "<frozen importlib")
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
