"""Runs one test of a unittest suite as it is, beside the student's code; loaded in the jailed child only.

Both import each other by name, and read data relative to the folder that they are started in: a copy of both, which
the jail lets them write to.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import shutil
import sys
import unittest
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, ClassVar

import pytest
from gradescope_utils.autograder_utils.files import check_submitted_files

from grader.testing.submission import Submission


class Outcome(unittest.TestResult):
    """Keeps what unittest's own results lose: failing subtests, and errors of a class's or module's set-up."""

    def __init__(self) -> None:
        super().__init__()
        self.causes: list[tuple[str, BaseException]] = []
        """A subtest's description, or empty, and what it raised."""
        self.skip_reason: str | None = None
        self.unexpected = False

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """Keep what a test, or a set-up, raised."""
        self.causes.append(("", err[1]))

    addFailure = addError

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        """Keep what a subtest raised."""
        if err is not None:
            describe = getattr(subtest, "_subDescription", subtest.id)
            self.causes.append((describe(), err[1]))

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """Keep why a test was skipped."""
        self.skip_reason = reason

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        """Keep that a test passed that was marked to fail."""
        self.unexpected = True


def run_case(identity: str, submission: Submission, suite: Path, caller: Any) -> None:
    """Run the test `file.py::Class::method` and raise what it raised.

    What it passes to set_score and set_leaderboard_value is put on `caller`, where the plugin looks for it.

    Args:
        identity: names the test, its file relative to `suite`.
        submission: the hand-in.
        suite: the folder that the suite is started in.
        caller: the test function that calls this.
    """
    root = submission._root
    file, class_name, method = identity.split("::")
    # the suite first: a hand-in doesn't replace the tests by files of the same names
    for source in (root, suite):
        shutil.copytree(source, Path.cwd(), dirs_exist_ok=True)
    sys.path[:0] = list(dict.fromkeys([str((suite / file).parent), str(suite), str(root)]))
    _lead_to(root, Path.cwd(), suite)
    case = getattr(_load(suite, file), class_name)(method)
    outcome = Outcome()
    unittest.TestSuite([case]).run(outcome)
    # gradescope_utils' decorators leave both on the function
    function = getattr(getattr(case, method), "__func__", None)
    caller.__score__ = getattr(function, "__score__", None)
    caller.__leaderboard_value__ = getattr(function, "__leaderboard_value__", None)
    _raise(outcome)


class _Loader(importlib.machinery.SourceFileLoader):
    """Reads a suite's module with other folders in its text.

    Suites name Gradescope's fixed folders there. Elsewhere these don't exist, and student code can't read them anyway.
    """

    folders: ClassVar[dict[str, str]] = {}
    """A folder of Gradescope's to what stands for it."""

    def path_stats(self, path: str) -> Any:
        """Refuse bytecode: it may be that of the text as it is."""
        raise OSError("not kept")

    def get_data(self, path: str) -> bytes:
        """Return the text."""
        data = super().get_data(path)
        for there, here in self.folders.items():
            data = data.replace(there.encode(), here.encode())
        return data


def _lead_to(submission: Path, source: Path, suite: Path) -> None:
    """Make the suite, and what it calls, find these two where Gradescope has its own."""
    _Loader.folders = {"/autograder/submission": str(submission), "/autograder/source": str(source)}
    check_submitted_files.__defaults__ = (str(submission),)
    finder = importlib.machinery.FileFinder.path_hook((_Loader, importlib.machinery.SOURCE_SUFFIXES))

    def in_suite(entry: str) -> Any:
        if not Path(entry).is_relative_to(suite):
            raise ImportError("not the suite's")
        return finder(entry)

    sys.path_hooks.insert(0, in_suite)
    sys.path_importer_cache.clear()


def _load(suite: Path, file: str) -> ModuleType:
    """Import a test file under the name that unittest's discovery gives it, whatever else has that name."""
    path = PurePosixPath(file)
    inside = [str(part) for part in path.parent.parts]
    package = bool(inside) and all(
        (suite.joinpath(*inside[: depth + 1]) / "__init__.py").is_file() for depth in range(len(inside))
    )
    name = ".".join([*inside, path.stem]) if package else path.stem
    if package:
        importlib.import_module(".".join(inside))
    spec = importlib.util.spec_from_file_location(name, suite / file, loader=_Loader(name, str(suite / file)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _raise(outcome: Outcome) -> None:
    """End the pytest test as the unittest ended."""
    plain = [error for name, error in outcome.causes if not name]
    if plain and len(outcome.causes) == 1:
        raise plain[0]
    if outcome.causes:
        lines = []
        for name, error in outcome.causes:
            text = type(error).__name__
            with contextlib.suppress(Exception):  # an exception of a student's making may fail to have a text
                text = str(error) if isinstance(error, AssertionError) else f"{text}: {error}"
            lines.append(f"{name}: {text}" if name else text)
        pytest.fail("\n".join(lines), pytrace=False)
    if outcome.unexpected:
        pytest.fail("the test is marked to fail, and it passed", pytrace=False)
    if outcome.skip_reason is not None:
        pytest.skip(outcome.skip_reason)
