"""The pytest plugin that gives tests `submission`, `rng` and `check`, and runs single tests.

All three commands use it: record and grade load it in the worker, check loads it on a student's machine.
"""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from _pytest.tmpdir import tmppath_result_key

from grader.folders import DATA
from grader.recording import Claim
from grader.testing.check import Check, Recorder, seed_everything
from grader.testing.describe import function_of
from grader.testing.explain import explain
from grader.testing.refused import about_programs
from grader.testing.submission import Submission


class Ended(NamedTuple):
    """How one test ended, as the process that ran it claims."""

    claim: Claim
    message: str = ""
    claimed_score: object = None
    leaderboard: object = None


class _Running(NamedTuple):
    """The test that is running."""

    submission: Submission
    data: Path
    recorder: Recorder
    given: bool
    seed: int

    @property
    def rng(self) -> np.random.RandomState:
        return np.random.RandomState(self.seed)

    @property
    def check(self) -> Check:
        return Check(self.recorder, given=self.given, data=self.data)


Ends = tuple[type[BaseException], ...]
_GIVEN = ("submission", "rng", "check")
_LATER = ("set_score", "set_leaderboard_value")
"""Parameters that gradescope_utils' decorators pass."""


class TestingPlugin:
    """pytest fixtures for one assignment's tests; `run` executes one collected test."""

    __test__ = False

    def __init__(self, library: str) -> None:
        """Serve the tests of an assignment with this library ("numpy" or "torch")."""
        self.library = library
        self.programs = False
        """Whether the jail lets tests start programs."""
        self.alone = False
        """Whether nobody is here to interrupt: then Ctrl-C's exception is the hand-in's own, as any other is."""
        self._current: _Running | None = None
        self._called: frozenset[pytest.Item] = frozenset()
        """The collected tests that are called without pytest; see `_needs_a_call_only`."""

    @property
    def _running(self) -> _Running:
        if self._current is None:
            raise pytest.UsageError("no submission to test; run: grader check")
        return self._current

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_parametrize_id(self, config: pytest.Config, val: object, argname: str) -> str | None:
        """Name a case by its whole text: the id seeds the test, and some pytest releases shorten a long text."""
        return val.encode("unicode_escape").decode("ascii") if isinstance(val, str) and val else None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Find the tests that need nothing of pytest but to be called, before any child is forked."""
        plugins = (getattr(plugin, "__file__", None) or "" for plugin in session.config.pluginmanager.get_plugins())
        if not any(Path(file).name == "conftest.py" for file in plugins):  # it may have hooks of its own
            self._called = frozenset(filter(_needs_a_call_only, session.items))

    # no fixture asks for pytest's `request`, for which it inspects three signatures a test

    @pytest.fixture
    def submission(self) -> Submission:
        """The hand-in under test."""
        return self._running.submission

    @pytest.fixture
    def rng(self) -> np.random.RandomState:
        """A random generator for this test only; numpy guarantees its stream."""
        return self._running.rng

    @pytest.fixture
    def check(self) -> Check:
        """Names values for the judge."""
        return self._running.check

    @pytest.fixture
    def set_score(self) -> None:
        """Present so that pytest accepts the argument; gradescope_utils' decorator passes the real one."""

    @pytest.fixture
    def set_leaderboard_value(self) -> None:
        """Present so that pytest accepts the argument; gradescope_utils' decorator passes the real one."""

    def begin(self, item: pytest.Item, submission: Submission, recorder: Recorder, *, given: bool, seed: int) -> None:
        """Set `submission`, `rng` and `check` for the next test, and seed every generator."""
        self._current = _Running(submission, item.path.parent / DATA, recorder, given, seed)
        seed_everything(seed)

    def run(
        self, item: pytest.Item, submission: Submission, root: Path, recorder: Recorder, *, given: bool, seed: int
    ) -> Ended:
        """Run one test against a hand-in and return how it ended; its observations go to `recorder`.

        Args:
            item: the collected test.
            submission: the hand-in, installed.
            root: the hand-in's folder, to recognise a student's frames.
            recorder: takes the observations.
            given: whether checks also record the values that they were given (record runs).
            seed: this test's own, from which its inputs are drawn; see `questions.seed_of`.
        """
        function = function_of(item)
        # the decorators store a test's claims on the function, and it may have run before
        for name in ("__score__", "__leaderboard_value__"):
            if hasattr(function, name):
                delattr(function, name)
        self.begin(item, submission, recorder, given=given, seed=seed)
        ends = () if self.alone else (KeyboardInterrupt, pytest.exit.Exception)
        error = self._call(item, ends) if item in self._called else _run_phases(item, ends)
        self._current = None
        if isinstance(error, Interruption):
            raise error
        claim, message = ("ok", "") if error is None else explain(error, root, self.library)
        if error is not None and not self.programs and (why := about_programs(error)):
            message = f"{why}\n{message}"
        return Ended(
            claim,  # type: ignore[arg-type]  # the ternary widens the literal
            message,
            getattr(function, "__score__", None),
            getattr(function, "__leaderboard_value__", None),
        )

    def _call(self, item: pytest.Item, ends: Ends) -> BaseException | None:
        """Call a test's function and return the exception that it raised. Those in `ends` end the whole run."""
        assert isinstance(item, pytest.Function)
        names = item._fixtureinfo.argnames
        arguments = {name: getattr(self._running, name) if name in _GIVEN else None for name in names}
        if hasattr(item, "callspec"):
            arguments |= {name: value for name, value in item.callspec.params.items() if name in names}
        try:
            item.obj(**arguments)
        except ends:
            raise
        except BaseException as error:
            return error
        return None


class Interruption(BaseException):
    """Raised into a running test from outside; after the teardown, `run` raises it again."""


def _needs_a_call_only(item: pytest.Item) -> bool:
    """Whether a test is a function that takes what it is given here and what it is parametrised with, and no more.

    Pytest would set up and tear down nothing then, and that takes a child longer than many a test itself.
    """
    if type(item) is not pytest.Function or item.cls is not None:
        return False
    if any(mark.name != "parametrize" for mark in item.iter_markers()):
        return False
    if inspect.iscoroutinefunction(item.obj) or inspect.isgeneratorfunction(item.obj):
        return False  # pytest says what is wrong with it
    homes = {name: set(map(_home, fixtures)) for name, fixtures in item._fixtureinfo.name2fixturedefs.items()}
    # a test file may define a fixture of such a name itself
    ours = {name for name in (*_GIVEN, *_LATER) if homes.get(name) == {__name__}}
    cases = item.callspec.params if hasattr(item, "callspec") else ()
    direct = {name for name in cases if homes.get(name, set()) <= {"_pytest.python"}}
    return ours | direct >= set(item._fixtureinfo.names_closure)


def _home(fixture: pytest.FixtureDef[object]) -> str:
    """The module of a fixture's function."""
    return str(getattr(fixture.func, "__module__", ""))


def _run_phases(item: pytest.Item, ends: Ends) -> BaseException | None:
    """Set up, run and tear down a test; return the first exception. Those in `ends` end the whole run.

    It calls the hooks of the three phases directly, without pytest's reports, which aren't used here: they would cost
    every forked child several milliseconds of copied pages.
    """
    item.stash[tmppath_result_key] = {}  # of the reports, which the fixture tmp_path looks for at its end
    error: BaseException | None = None
    for phase in (item.ihook.pytest_runtest_setup, item.ihook.pytest_runtest_call):
        try:
            phase(item=item)
        except ends:
            raise
        except BaseException as raised:
            error = raised
        else:
            # unittest's runner catches the exceptions of a TestCase; pytest stores them on the item
            kept = getattr(item, "_excinfo", None)
            error = kept[0].value if kept else None
        if error is not None:
            break
    try:
        item.ihook.pytest_runtest_teardown(item=item, nextitem=None)
    except BaseException as raised:
        error = error or raised
    return error


LEAN = (
    *("terminal", "cacheprovider", "junitxml", "pastebin", "doctest", "logging", "faulthandler", "stepwise"),
    *("setuponly", "setupplan", "threadexception", "unraisableexception", "legacypath", "debugging"),
)
"""pytest plugins that a run without a terminal doesn't need; each costs start-up time in every grading."""


OWN_OPTIONS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""Variables with a person's own options of pytest, which may name what isn't loaded in such a run."""


def pytest_arguments(tests: Path, files: list[str]) -> list[str]:
    """Return the arguments with which pytest collects an assignment's tests quietly and quickly."""
    # the installed plugin `grader` serves the reference to its author, in plain pytest alone
    blocked = [word for name in (*LEAN, "grader") for word in ("-p", f"no:{name}")]
    return [
        *blocked,
        *("-s", "--assert=plain", f"--rootdir={tests}", f"--confcutdir={tests}", "-c", os.devnull),
        *(str(tests / file) for file in files),
    ]


def forget_arguments() -> None:
    """Keep only the program's name in sys.argv, because some test files parse sys.argv when they are imported."""
    del sys.argv[1:]
