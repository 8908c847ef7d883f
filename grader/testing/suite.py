"""Runs one test of an unmodified unittest suite on the student's code; loaded in the jailed child only.

The suite and the code import each other by name, and read data relative to the current folder. That folder holds a copy
of both, and the jail lets them write to it.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import re
import shutil
import sys
import unittest
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import pytest
from gradescope_utils.autograder_utils.files import check_submitted_files

from grader.testing.cells.load import CellLoader, origin
from grader.testing.submission import Submission


class Outcome(unittest.TestResult):
    """Also keeps failing subtests, and errors of a class's or module's set-up, with their exceptions."""

    def __init__(self) -> None:
        super().__init__()
        self.causes: list[tuple[str, BaseException]] = []
        """Description of the subtest, empty for a whole test, and the exception."""
        self.skip_reason: str | None = None
        self.unexpected = False

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """Keep the exception of a test or of a set-up."""
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


def run_case(identity: str, submission: Submission, suite: Path, caller: Any) -> None:
    """Run the test `file.py::Class::method` and raise its exceptions.

    The values passed to set_score and set_leaderboard_value are stored on `caller`, where the plugin reads them.

    Args:
        identity: the test's id; its file is relative to `suite`.
        submission: the hand-in.
        suite: the folder in which the suite is started.
        caller: the test function that calls this.
    """
    root = submission._root
    file, class_name, method = identity.split("::")
    # the suite is copied last and is first on the path, so that no file of the hand-in replaces a test
    for source in (root, suite):
        shutil.copytree(source, Path.cwd(), dirs_exist_ok=True)
    sys.path[:0] = list(dict.fromkeys([str((suite / file).parent), str(suite), str(root)]))
    places = _Places(root, Path.cwd(), suite)
    places.install()
    case = getattr(_load(suite, file, places), class_name)(method)
    outcome = Outcome()
    unittest.TestSuite([case]).run(outcome)
    # gradescope_utils' decorators store both on the function
    function = getattr(getattr(case, method), "__func__", None)
    caller.__score__ = getattr(function, "__score__", None)
    caller.__leaderboard_value__ = getattr(function, "__leaderboard_value__", None)
    _raise(outcome)


class _Places:
    """Replaces Gradescope's fixed folders in a suite's text by the folders of the hand-in and of the suite's copy.

    The fixed folders exist only on Gradescope, and student code can't read them there.
    """

    def __init__(self, submission: Path, source: Path, suite: Path) -> None:
        self._here = {b"submission": str(submission).encode(), b"source": str(source).encode()}
        self._roots = (suite, source)
        self._submission = submission

    def install(self) -> None:
        """Apply the replacement to modules of the suite and to gradescope_utils."""
        check_submitted_files.__defaults__ = (self._here[b"submission"].decode(),)
        sys.path_hooks.insert(0, self._finder)
        sys.path_importer_cache.clear()

    def _finder(self, entry: str) -> importlib.machinery.FileFinder:
        if Path(entry) == self._submission:
            return importlib.machinery.FileFinder(entry, (_own_loader, importlib.machinery.SOURCE_SUFFIXES))  # type: ignore[arg-type]  # a function that makes one
        if not any(Path(entry).is_relative_to(root) for root in self._roots):
            raise ImportError("not the suite's")
        return importlib.machinery.FileFinder(
            entry,
            (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
            (self.loader, importlib.machinery.SOURCE_SUFFIXES),  # type: ignore[arg-type]  # a function that makes one
            (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
        )

    def loader(self, name: str, path: str) -> _Loader:
        """Return the loader for a module of the suite."""
        return _Loader(name, path, self.led)

    def led(self, text: bytes) -> bytes:
        """Return a module's text with the folders replaced."""
        return re.sub(rb"/autograder/(submission|source)(?![\w.-])", lambda match: self._here[match[1]], text)


def _own_loader(name: str, path: str) -> importlib.machinery.SourceFileLoader:
    """The loader for a module of the hand-in, which may be made from a notebook."""
    return CellLoader(name, path) if origin(Path(path)) else importlib.machinery.SourceFileLoader(name, path)


class _Loader(importlib.machinery.SourceFileLoader):
    """Reads a module whose text is changed before it is compiled."""

    def __init__(self, name: str, path: str, changed: Callable[[bytes], bytes]) -> None:
        super().__init__(name, path)
        self._changed = changed

    def path_stats(self, path: str) -> Any:
        """Refuse cached bytecode, which may come from the unchanged text."""
        raise OSError("not kept")

    def get_data(self, path: str) -> bytes:
        """Return the module's changed text; other files unchanged."""
        data = super().get_data(path)
        return self._changed(data) if path == self.path else data


def _load(suite: Path, file: str, places: _Places) -> ModuleType:
    """Import a test file by the name that unittest's discovery gives it, even if another module has that name."""
    path = PurePosixPath(file)
    inside = [str(part) for part in path.parent.parts]
    package = bool(inside) and all(
        (suite.joinpath(*inside[: depth + 1]) / "__init__.py").is_file() for depth in range(len(inside))
    )
    name = ".".join([*inside, path.stem]) if package else path.stem
    if package:
        importlib.import_module(".".join(inside))
    spec = importlib.util.spec_from_file_location(name, suite / file, loader=places.loader(name, str(suite / file)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _raise(outcome: Outcome) -> None:
    """End the pytest test in the same way as the unittest test."""
    plain = [error for name, error in outcome.causes if not name]
    if plain and len(outcome.causes) == 1:
        raise plain[0]
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
