"""Runs one test of an unmodified suite on the student's code; loaded in the jailed child only.

The suite and the code import each other by name, and read data relative to the current folder. So the test's folder is
a view of one tree: the hand-in laid over the suite, whose files with tests are protected.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import linecache
import os
import re
import sys
import traceback
import unittest
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import CodeType, ModuleType
from typing import Any

import pytest
from gradescope_utils.autograder_utils.files import check_submitted_files

from grader.testing.cells.load import CellLoader, origin
from grader.testing.submission import Submission
from grader.testing.suite_plan import TREE, Plan
from grader.testing.view import View


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

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        """Note that a test passed although it is marked to fail."""
        self.unexpected = True


class Session:
    """What the tests of one process share, if they run together: the folder, loaded files, classes that are set up."""

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

            run_item(self.home, file, name, caller)
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


class Places:
    """Makes the merged tree importable, and leads Gradescope's fixed folders in a suite's text to the real ones.

    The fixed folders exist only on Gradescope, and student code can't read them there.
    """

    def __init__(self, submission: Submission, plan: Plan, home: Path) -> None:
        root = submission._root.resolve()
        self._submission = submission
        self._home = home
        self._tree = root.parent / TREE
        self._view = View(self._tree, home)
        self._here = {b"submission": str(root).encode(), b"source": str(home).encode()}
        self._own = {_identity(file): str(file) for file in root.rglob("*.py")}
        """The hand-in's modules: the tree has links to the same files."""
        self.name = plan.name if plan.name and not _taken(home, plan.name) else ""
        if self.name:
            (home / self.name).symlink_to(".")
        self.install()

    def install(self) -> None:
        """Apply all of it to this process; a second call, for the next test, restores what was undone."""
        self._view.install()
        check_submitted_files.__defaults__ = (self._here[b"submission"].decode(),)
        if self._finder not in sys.path_hooks:
            sys.path_hooks.insert(0, self._finder)
            sys.path_importer_cache.clear()
        # the suite's own folder isn't searched: what is graded must come from the tree
        for entry in self._submission._helpers:
            if entry in sys.path:
                sys.path[sys.path.index(entry)] = str(self._home)
        finder = self._submission._finder
        finder.path = [str(self._home)]
        finder.prefers = self.is_own
        self._submission._stand_ins.helpers = None  # a suite's modules aren't guessed to be what a student imports

    def is_own(self, file: str) -> bool:
        """Whether a file of the tree is the hand-in's."""
        return _identity(file) in self._own

    def reach(self, file: str) -> None:
        """Put the folders that a test file imports from at the front of the path."""
        entries = [str((self._home / file).parent), str(self._home)]
        sys.path[:0] = [entry for entry in dict.fromkeys(entries) if entry not in sys.path[:2]]
        self._submission._finder.path = list(dict.fromkeys(entries))

    def load(self, file: str) -> ModuleType:
        """Import a test file by the name that unittest's discovery gives it, even if another module has that name."""
        self.reach(file)
        path = PurePosixPath(file)
        inside = list(path.parent.parts)
        package = bool(inside) and all(
            (self._home.joinpath(*inside[: depth + 1]) / "__init__.py").is_file() for depth in range(len(inside))
        )
        if self.name and (self._home / "__init__.py").is_file() and (package or not inside):
            inside, package = [self.name, *inside], True
        name = ".".join([*inside, path.stem]) if package else path.stem
        if package:
            importlib.import_module(".".join(inside))
        place = self._home / file
        spec = importlib.util.spec_from_file_location(name, place, loader=self.loader(name, str(place)))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    def _finder(self, entry: str) -> importlib.machinery.FileFinder:
        if not any(Path(entry).is_relative_to(root) for root in (self._home, self._tree)) or os.path.isfile(entry):
            raise ImportError("not a folder of the suite")  # runpy runs a file that no hook takes as a script
        return importlib.machinery.FileFinder(
            entry,
            (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
            (self.loader, importlib.machinery.SOURCE_SUFFIXES),  # type: ignore[arg-type]  # a function that makes one
            (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
        )

    def loader(self, name: str, path: str) -> importlib.machinery.SourceFileLoader:
        """Return the loader for a module of the tree."""
        own = self._own.get(_identity(path))
        if own and origin(Path(own)):
            return CellLoader(name, own)
        return _Loader(name, path, own, (lambda text: text) if own else self.led)

    def led(self, text: bytes) -> bytes:
        """Return a module's text with the folders replaced."""
        return re.sub(rb"/autograder/(submission|source)(?![\w.-])", lambda match: self._here[match[1]], text)


class _Loader(importlib.machinery.SourceFileLoader):
    """Reads a module whose text is changed before it is compiled."""

    def __init__(self, name: str, path: str, own: str | None, changed: Callable[[bytes], bytes]) -> None:
        super().__init__(name, path)
        self._own = own
        self._changed = changed

    def path_stats(self, path: str) -> Any:
        """Refuse cached bytecode, which may come from the unchanged text."""
        raise OSError("not kept")

    def get_data(self, path: str) -> bytes:
        """Return the module's changed text; other files unchanged."""
        data = super().get_data(path)
        return self._changed(data) if path == self.path else data

    def source_to_code(  # type: ignore[override]  # typeshed has the one of InspectLoader
        self, data: Any, path: Any, *, _optimize: int = -1
    ) -> CodeType:
        """Compile a module; a hand-in's frames name the hand-in's file, so that messages recognise them."""
        return super().source_to_code(data, self._own or path)


def _identity(file: Path | str) -> tuple[int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _taken(home: Path, name: str) -> bool:
    """Whether something in a folder, or something installed, has this name as a module."""
    return os.path.lexists(home / name) or (home / f"{name}.py").exists() or name in sys.modules


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
