"""Lists the tests of a suite that makes them while it runs: it loads the suite beside stand-ins for the hand-in.

It runs in a jailed child without a hand-in, so no student can change the list. Modules that are neither in the suite
nor installed are the students': an import of them gives objects that accept everything.
"""

from __future__ import annotations

import doctest
import inspect
import json
import os
import sys
import traceback
import unittest
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any
from unittest.mock import MagicMock, NonCallableMock

import numpy as np

from grader.testing.check import Check
from grader.testing.submission import Submission
from grader.testing.suite import Session, cases_of, names_of
from grader.testing.suite_plan import MARKS, SKIPPED, TO_FAIL, Plan, is_points

CHECK = "listing"


class AbsentFixture(LookupError):
    """A test asks for a pytest fixture that nobody defines, so no hand-in can pass it."""


class _Stubs(Loader):
    """A finder for the end of `sys.meta_path`: a module that no other finder has is made of stand-ins."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find any module that the suite imports by its full name."""
        if name.partition(".")[0] in sys.stdlib_module_names or _asked_by_a_library():
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make a module that has every name."""
        return _Stub(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: the module has every name already."""


def _asked_by_a_library() -> bool:
    """Whether the import is written in a file of an installed package, which can do without an absent one."""
    frame: FrameType | None = sys._getframe(2)
    here = str(Path.cwd().resolve())
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<frozen") and "importlib" not in file and frame.f_code.co_name != "importorskip":
            return not file.startswith(here)
        frame = frame.f_back
    return True


class _Stub(ModuleType):
    __all__: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = _StandIn(name=f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


class _StandIn(MagicMock):
    """Accepts everything but to be counted or gone through: then the tests would depend on the hand-in."""

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        for method in ("__iter__", "__len__", "__index__", "__int__", "__float__", "__contains__"):
            setattr(type(self), method, _refuse)  # each mock has a class of its own


def _refuse(*_: object) -> None:
    raise TypeError("the suite's tests depend on a value of the hand-in")


class _DocTests(doctest.DocTestFinder):
    """Refuses to look for examples in the hand-in: their number is the student's."""

    def find(self, obj: object, *args: Any, **words: Any) -> list[doctest.DocTest]:
        """Find the examples in an object of the suite."""
        if isinstance(obj, _Stub):
            _refuse()
        return super().find(obj, *args, **words)


def list_cases(files: Sequence[str], submission: Submission, plan: Plan, check: Check) -> None:
    """Send a JSON list of what each file holds: its tests, or why it can't be loaded."""
    session = Session(submission, plan)
    home = os.path.realpath(session.home)
    os.chdir(home)
    sys.meta_path.append(_Stubs())
    doctest.DocTestFinder = _DocTests  # type: ignore[misc]  # in this child alone
    found: list[dict[str, Any]] = []
    for file in files:
        try:
            found.append({"file": file, "tests": _tests(session, file)})
        except BaseException as error:
            found.append({"file": file, "error": _said(error, home), "ours": isinstance(error, AbsentFixture)})
    check(CHECK, np.frombuffer(json.dumps(found).encode(), np.uint8))


def _tests(session: Session, file: str) -> list[dict[str, Any]]:
    module = session.load(file)
    cases = cases_of(module)
    for case in cases:
        if isinstance(case, unittest.loader._FailedTest):  # type: ignore[attr-defined]  # what load_tests raised
            raise case._exception
    tests = [
        _described(name, getattr(case, case._testMethodName), case.shortDescription(), str(case))
        | {"off": _why_off(case)}
        for name, case in zip(names_of(cases), cases, strict=True)
    ]
    if file in session.plan.pytest:
        from grader.testing.suite_pytest import items_of, name_of

        for item in items_of(session.home, file, session.plan.plugins):
            function = getattr(item, "function", None)
            doc = (getattr(function, "__doc__", None) or "").strip().partition("\n")[0]
            title = doc + item.name[len(getattr(item, "originalname", item.name)) :] if doc else item.name
            absent = [name for name in getattr(item, "fixturenames", ()) if not _is_there(item, name)]
            if absent:
                raise AbsentFixture(
                    f"{item.name} asks for the pytest fixture '{absent[0]}', which neither the suite nor a plugin "
                    "that is installed here defines; install the plugin that does"
                )
            described = _described(name_of(item), function, title, item.name)
            tests.append(described | {"pytest": True, "off": _why_item_off(item)} | _marked(item, described))
    return tests


def _is_there(item: Any, fixture: str) -> bool:
    return fixture == "request" or fixture in item._fixtureinfo.name2fixturedefs


def _why_off(case: unittest.TestCase) -> str:
    """Say why nobody can earn a unittest test's points; empty if anybody can."""
    for word, why in (("skip", SKIPPED), ("expecting_failure", TO_FAIL)):
        if any(getattr(item, f"__unittest_{word}__", False) is True for item in (type(case), _function(case))):
            return why
    return ""


def _why_item_off(item: Any) -> str:
    """Say why nobody can earn a pytest item's points; empty if anybody can."""
    from grader.testing.suite_pytest import asked_for

    if item.get_closest_marker("skip") is not None or any(_holds(mark) for mark in item.iter_markers("skipif")):
        return SKIPPED
    marks = [
        mark for mark in item.iter_markers("xfail") if _holds(mark) or not (mark.args or "condition" in mark.kwargs)
    ]
    return TO_FAIL if any(not asked_for(mark) for mark in marks) else ""


def _holds(mark: Any) -> bool:
    """Whether a condition of a mark that is a value, as opposed to a text, holds."""
    return any(not isinstance(value, str) and bool(value) for value in mark.args or (mark.kwargs.get("condition"),))


def _marked(item: Any, described: dict[str, Any]) -> dict[str, Any]:
    """The points that a pytest mark of the suite's own states, if gradescope_utils' decorators don't."""
    for name in MARKS if described["weight"] is None else ():
        mark = item.get_closest_marker(name)
        given = [*mark.args[:1], *(mark.kwargs.get(word) for word in MARKS)] if mark else []
        for value in given:
            if is_points(value):
                return {"weight": value, "mark": f"pytest.mark.{name}"}
    return {}


def _function(case: unittest.TestCase) -> object:
    return getattr(case, case._testMethodName)


def _described(name: str, function: Any, doc: str | None, default: str) -> dict[str, Any]:
    if isinstance(function, NonCallableMock):
        raise TypeError(f"{name} is decorated by something that isn't installed here")
    marks: dict[str, Any] = {
        key: getattr(function, f"__{key}__", None)
        for key in ("weight", "number", "visibility", "tags", "hide_errors", "leaderboard_column")
    }
    marks["leaderboard_sort_order"] = getattr(function, "__leaderboard_sort_order__", None)
    plain = {
        key: value if isinstance(value, int | float | str) or value is None else [str(item) for item in value]
        for key, value in marks.items()
        if not isinstance(value, NonCallableMock)
    }
    if isinstance(marks["weight"], np.number):
        plain["weight"] = marks["weight"].item()
    code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
    return {
        "name": name,
        "title": (doc or "").strip() or default,
        "line": code.co_firstlineno if code else None,
        "partial": _sets_score(function),
        **plain,
    }


def _sets_score(function: Any) -> bool:
    """Whether gradescope_utils' partial_credit is one of a function's decorators."""
    while function is not None:
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        if code is not None and "set_score" in code.co_freevars:
            return True
        function = getattr(function, "__wrapped__", None)
    return False


def _said(error: BaseException, home: str) -> str:
    """The exception, and the suite's line that raised it."""
    text = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
    places = [
        f"{os.path.relpath(frame.f_code.co_filename, home)}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(home)
    ]
    return f"{text} ({places[-1]})" if places else text
