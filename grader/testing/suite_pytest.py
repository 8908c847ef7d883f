"""Lists and runs the tests of a suite that needs pytest, in a session of their own inside the running one."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.testing.plugin import LEAN
from grader.testing.suite_plan import PYTEST_ENDED, TO_FAIL

_SETTINGS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_SHOWING = frozenset(
    {
        *("terminal", "cacheprovider", "junitxml", "pastebin", "logging", "faulthandler", "stepwise", "setuponly"),
        *("setupplan", "debugging"),
    }
)
"""pytest's own plugins whose options don't say which tests there are: they show, keep or order what comes out."""


class _Chosen:
    """A pytest plugin that keeps one item, or all, and what became of them."""

    def __init__(self, wanted: Callable[[pytest.Item], bool]) -> None:
        self.wanted = wanted
        self.without: Sequence[str] = ()
        """pytest's own plugins that aren't loaded, but whose options the suite's settings may have."""
        self.items: list[pytest.Item] = []
        self.errors: list[str] = []
        self.error: BaseException | None = None
        self.skipped: str | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let plugins find a terminal: pytest-timeout and some conftests write to it."""
        config.pluginmanager.register(_Silence(), "terminalreporter")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a file can't be imported, or skips all of its tests."""
        if report.failed:
            self.errors.append(str(report.longrepr))
        elif report.skipped:
            self.skipped = str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr)

    def pytest_exception_interact(self, node: object, call: pytest.CallInfo[Any], report: object) -> None:
        """Keep the exception of a file that can't be imported."""
        if isinstance(node, pytest.Collector) and call.excinfo is not None:
            error = call.excinfo.value
            # pytest wraps the error of an import; the error itself says more
            self.error = self.error or error.__cause__ or error

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep the exit of a file that leaves the process while it is imported."""
        if isinstance(excinfo.value, SystemExit):
            self.error = self.error or excinfo.value

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep what a test, or a file, raises to end the whole session."""
        self.error = self.error or RuntimeError(f"the code raises {type(excinfo.value).__name__}, which ends all tests")

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> None:
        """Count a test that returns False as failed: its own runner does, though pytest doesn't."""
        if not inspect.iscoroutinefunction(pyfuncitem.obj):
            pyfuncitem.obj = _true_to_its_word(pyfuncitem.obj)

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        """Know the options of plugins that show results: `addopts = -ra` in a suite's settings is one."""
        for name in self.without:
            importlib.import_module(f"_pytest.{name}").pytest_addoption(parser)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the wanted items only."""
        items[:] = [item for item in items if self.wanted(item)]
        self.items = list(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Keep how the test ended."""
        report = yield
        if report.failed and self.error is None:
            self.error = call.excinfo.value if call.excinfo else AssertionError(str(report.longrepr))
        elif hasattr(report, "wasxfail"):
            self._expect(item, call)
        elif report.skipped and call.excinfo is not None:
            self.skipped = str(call.excinfo.value)
        return report

    def _expect(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Let a test that is marked to fail pass only if it raised the exception that its mark asks for."""
        if call.excinfo is None:
            self.error = self.error or pytest.fail.Exception("the test is marked to fail, and it passed", pytrace=False)
        elif isinstance(call.excinfo.value, pytest.xfail.Exception) or not any(
            asked_for(mark) for mark in item.iter_markers("xfail")
        ):
            self.skipped = f"{TO_FAIL}, and it failed"


def asked_for(mark: pytest.Mark) -> bool:
    """Whether a mark that expects a failure asks for an exception that code which isn't written yet doesn't raise."""
    raises = mark.kwargs.get("raises")
    kinds = raises if isinstance(raises, tuple) else (raises,)
    return raises is not None and not set(kinds) & {BaseException, Exception, AssertionError, NotImplementedError}


def _true_to_its_word(test: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(test)
    def returns(*args: Any, **words: Any) -> Any:
        result = test(*args, **words)
        if isinstance(result, bool | np.bool_) and not result:
            pytest.fail("the test returned False", pytrace=False)
        return result

    return returns


class _Silence:
    """Stands for the terminal, to which plugins write in passing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self if name == "_tw" else lambda *_, **__: None


def _run(home: Path, words: list[str], plugins: Sequence[str], chosen: _Chosen) -> None:
    sys.modules.pop("test_suite", None)  # ours; a suite's file may have this name
    blocked = [word for name in LEAN if name not in ("legacypath", *plugins) for word in ("-p", f"no:{name}")]
    blocked += [word for name in plugins for word in ("-p", name) if name not in LEAN]
    if _has_options(home, Path(words[-1])):  # the imports take time
        chosen.without = [name for name in LEAN if name in _SHOWING and name not in plugins]
    command = [*blocked, "-s", "--assert=plain", f"--rootdir={home}", *words]
    code = pytest.main(command, plugins=[chosen])
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR) and chosen.error is None:
        why = _complaint(command) if code == pytest.ExitCode.USAGE_ERROR else ""
        raise RuntimeError(f"{PYTEST_ENDED} {code}: {why}is there a faulty pytest.ini or conftest.py?")


def _complaint(command: list[str]) -> str:
    """Run pytest once more, which ends before any test, and return what it says against its settings."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        pytest.main(command, plugins=[_Chosen(lambda _: False)])
    lines = [line.removeprefix("ERROR: ").strip() for line in said.getvalue().splitlines()]
    found = [line.partition("error: ")[2] or line for line in lines if line and not line.startswith("usage:")]
    return f"{found[0]}: " if found else ""


def _has_options(home: Path, file: Path) -> bool:
    """Whether a file of settings that pytest reads for this file of tests may have options of a command line."""
    folders = [folder for folder in file.parents if folder.is_relative_to(home)]
    found = (folder / name for folder in folders for name in _SETTINGS)
    return any(b"addopts" in path.read_bytes() for path in found if path.is_file())


def items_of(home: Path, file: str, plugins: Sequence[str]) -> list[pytest.Item]:
    """Return the pytest items of one file, without those of unittest classes; raises what its import raises."""
    chosen = _Chosen(lambda item: not isinstance(item, pytest.Function) or not hasattr(item.cls, "run"))
    _run(home, ["--collect-only", str(home / file)], plugins, chosen)
    if chosen.error is not None:
        raise chosen.error
    if chosen.errors:
        raise ImportError(chosen.errors[0])
    return chosen.items


def run_item(home: Path, file: str, name: str, plugins: Sequence[str], caller: Any) -> None:
    """Run one item and raise its exceptions; what its set_score was given is stored on `caller`."""
    chosen = _Chosen(lambda item: name_of(item) == name)
    _run(home, [str(home / file)], plugins, chosen)
    for item in chosen.items:
        function = getattr(item, "function", None)
        caller.__score__ = getattr(function, "__score__", None)
        caller.__leaderboard_value__ = getattr(function, "__leaderboard_value__", None)
    if chosen.error is not None:
        from grader.testing.suite import with_line

        raise with_line(chosen.error)
    if not chosen.items and chosen.skipped is None:
        pytest.fail("\n".join(chosen.errors) or f"{file} has no test {name} beside this hand-in", pytrace=False)
    if chosen.skipped is not None:
        pytest.skip(chosen.skipped)


def name_of(item: pytest.Item) -> str:
    """An item's name without its file: `test_x[1]`, `TestA::test_y`."""
    return item.nodeid.partition("::")[2]
