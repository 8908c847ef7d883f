"""Runs one test of an unmodified suite on the student's code; loaded in the jailed child only.

The suite and the code import each other by name, and read data relative to the current folder: see `suite_places`.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import traceback
import unittest
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grader.testing.submission import Submission
from grader.testing.suite_places import Places
from grader.testing.suite_plan import TO_FAIL, Plan


class Outcome(unittest.TestResult):
    """Also keeps failing subtests, and errors of a class's or module's set-up, with their exceptions."""

    def __init__(self) -> None:
        super().__init__()
        self.begin()

    def begin(self) -> None:
        """Forget what earlier tests left."""
        self.causes: list[tuple[str, BaseException]] = []
        """Description of the subtest, empty for a whole test, and the exception."""
        self.skip_reason: str | None = None
        self.unexpected = False
        self.expected = False

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """Keep the exception of a test or of a set-up; the end of another class isn't this test's fault."""
        if not (getattr(self, "_testRunEntered", False) and str(test).startswith(("tearDownClass", "tearDownModule"))):
            self.causes.append(("", err[1]))

    addFailure = addError

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        """Keep the exception of a subtest."""
        if err is not None:
            describe = getattr(subtest, "_subDescription", subtest.id)
            self.causes.append((describe(), err[1]))

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """Keep the reason why a test was skipped."""
        self.skip_reason = reason

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        """Note that a test failed that is marked to fail."""
        self.expected = True

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        """Note that a test passed although it is marked to fail."""
        self.unexpected = True


class Session:
    """The state that tests of one process share if they run together: folder, loaded files, classes that are set up."""

    def __init__(self, submission: Submission, plan: Plan) -> None:
        self.plan = plan
        self.home = Path.cwd()
        self.places = Places(submission, plan, self.home)
        self.modules: dict[str, ModuleType] = {}
        self.outcome = Outcome()
        self.unready: dict[type, tuple[list[tuple[str, BaseException]], str | None]] = {}
        """Classes whose set-up failed or was skipped, with the reason."""

    def load(self, file: str) -> ModuleType:
        """Import a test file, in the folder in which its tests are started."""
        os.chdir(self.home / self.plan.starts.get(file, "."))
        if file not in self.modules:
            self.modules[file] = self.places.load(file)
        return self.modules[file]

    def run(self, identity: str, caller: Any) -> None:
        """Run one test and raise its exceptions."""
        file, _, name = identity.partition("::")
        if file in self.plan.pytest:
            os.chdir(self.home / self.plan.starts.get(file, "."))
            self.places.reach(file)
            from grader.testing.suite_pytest import run_item

            run_item(self.home, file, name, self.plan.plugins, caller)
            return
        case = find_case(self.load(file), name)
        outcome = self.outcome
        outcome.begin()
        # unittest then leaves a class set up until a test of another class runs
        outcome._testRunEntered = self.plan.together  # type: ignore[attr-defined]
        before = outcome.testsRun
        unittest.TestSuite([case]).run(outcome)
        if outcome.testsRun == before and not outcome.causes and outcome.skip_reason is None:
            # its class wasn't set up for an earlier test, and unittest doesn't repeat why
            causes, reason = self.unready.get(type(case), ([], None))
            outcome.causes, outcome.skip_reason = causes, reason
            if not causes and reason is None:
                pytest.fail(f"the set-up of {type(case).__name__} failed before", pytrace=False)
        elif outcome.testsRun == before:
            self.unready[type(case)] = outcome.causes, outcome.skip_reason
        # gradescope_utils' decorators store both on the function
        function = getattr(getattr(case, case._testMethodName), "__func__", None)
        caller.__score__ = getattr(function, "__score__", None)
        caller.__leaderboard_value__ = getattr(function, "__leaderboard_value__", None)
        _raise(outcome)


_open: list[Session] = []
"""The session of this process, if its tests run together."""


def run_case(identity: str, submission: Submission, plan: Plan, caller: Any) -> None:
    """Run the test `file.py::Class::method` and raise its exceptions.

    The values passed to set_score and set_leaderboard_value are stored on `caller`, where the plugin reads them.

    Args:
        identity: the test's id; its file is relative to the suite.
        submission: the hand-in.
        plan: of the suite.
        caller: the test function that calls this.
    """
    if not plan.together:  # nothing may hold on to the session, or no other test can share this process
        Session(submission, plan).run(identity, caller)
        return
    if not _open:
        _open.append(Session(submission, plan))
    _open[0].run(identity, caller)


def cases_of(module: ModuleType) -> list[unittest.TestCase]:
    """Return the tests that unittest's loader finds in a module, in its order."""

    def flat(suite: Any) -> Iterator[unittest.TestCase]:
        for item in suite if isinstance(suite, unittest.TestSuite) else [suite]:
            if isinstance(item, unittest.TestSuite):
                yield from flat(item)
            else:
                yield item

    return list(flat(unittest.TestLoader().loadTestsFromModule(module)))


def names_of(cases: Sequence[unittest.TestCase]) -> list[str]:
    """Return `Class::method` for each test; equal names are numbered from the second one on."""
    counts: dict[str, int] = {}
    names = []
    for case in cases:
        name = f"{type(case).__name__}::{case._testMethodName}"
        counts[name] = counts.get(name, 0) + 1
        names.append(name if counts[name] == 1 else f"{name}#{counts[name]}")
    return names


def find_case(module: ModuleType, name: str) -> unittest.TestCase:
    """Return the test of this name; raises AttributeError if the suite, loaded with this hand-in, has none."""
    cases = cases_of(module)
    for found, case in zip(names_of(cases), cases, strict=True):
        if found == name:
            return case
    class_name, _, method = name.partition("::")
    # a class that the loader doesn't list, such as one that a file without `test` in its name holds
    case = getattr(module, class_name)(method)
    assert isinstance(case, unittest.TestCase)
    return case


def _raise(outcome: Outcome) -> None:
    """End the pytest test in the same way as the unittest test."""
    plain = [error for name, error in outcome.causes if not name]
    if plain and len(outcome.causes) == 1:
        raise with_line(plain[0])
    if outcome.causes:
        lines = []
        for name, error in outcome.causes:
            text = type(error).__name__
            with contextlib.suppress(Exception):  # a student's exception class may fail to make its text
                text = str(error) if isinstance(error, AssertionError) else f"{text}: {error}"
            lines.append(f"{name}: {text}" if name else text)
        pytest.fail("\n".join(lines), pytrace=False)
    if outcome.unexpected:
        pytest.fail("the test is marked to fail, and it passed", pytrace=False)
    if outcome.expected:
        pytest.skip(f"{TO_FAIL}, and it failed")
    if outcome.skip_reason is not None:
        pytest.skip(outcome.skip_reason)


def with_line(error: BaseException) -> BaseException:
    """Return an exception; one of a plain `assert` without a text gets the suite's line as its text."""
    if type(error) is AssertionError and not error.args:
        for frame, number in traceback.walk_tb(error.__traceback__):
            file, line = frame.f_code.co_filename, number
        if Path(file).is_relative_to(Path.cwd()) or Path(file).name.startswith("test"):
            error.args = (f"{Path(file).name}, line {line}: {linecache.getline(file, line).strip()}",)
    return error
