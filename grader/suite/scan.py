"""Reads the tests of a unittest suite, and their points, from its text, without running it.

A suite imports the student's code when it is imported. So if the running suite listed its tests, a hand-in could change
the list and the points.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

from grader.errors import AssignmentError, UsageError
from grader.fixtures import TestSpec
from grader.report import VISIBILITIES, Visibility
from grader.suite.constants import Constants, value_of

PART = "suite"
_SKIPPED = {"__pycache__", ".git", ".pytest_cache", "venv", ".venv"}


@dataclass(frozen=True)
class Case:
    """One test method."""

    identity: str
    """`tests/test_x.py::TestX::test_y`."""
    spec: TestSpec


@dataclass(frozen=True)
class _Class:
    """One class of the suite's text."""

    file: Path
    name: str
    """The file's path in the run folder."""
    node: ast.ClassDef
    constants: Mapping[str, Any]
    aliases: Mapping[str, str]

    @property
    def bases(self) -> list[str]:
        return [ast.unparse(base).rpartition(".")[2] for base in self.node.bases]


def scan(folder: Path, place: str = ".") -> list[Case]:
    """Return the tests below `folder` in unittest's order: files, classes and methods by name.

    Tests are named by the paths that their files have when `folder` is at `place`.

    Raises:
        UsageError: there is no test.
        AssignmentError: a file isn't Python, or a decorator's argument can't be read without running the suite.
    """
    constants = Constants(folder, place)
    classes = [item for file in _files(folder) for item in _classes(folder, file, place, constants)]
    by_name = {item.node.name: item for item in classes}
    tests = [item for item in classes if _is_test_case(item, by_name, ())]
    named = [item for item in tests if item.file.name.startswith("test")]
    cases = [case for item in named or tests for case in _cases(item, by_name)]
    if not cases:
        raise UsageError(
            f"{folder} has no unittest tests: no class of a file in it inherits from TestCase; "
            "name the suite's own folder"
        )
    return cases


def _files(folder: Path) -> list[Path]:
    found = (file for file in folder.rglob("*.py") if not _SKIPPED & set(file.relative_to(folder).parts))
    return sorted(file for file in found if file.is_file())


def _classes(folder: Path, file: Path, place: str, constants: Constants) -> Iterator[_Class]:
    tree = constants.tree(file)
    found = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if not found:
        return  # a file without classes is read when a file with tests imports it
    known = constants.of(file)
    aliases: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and "gradescope_utils" in (node.module or ""):
            aliases |= {alias.asname or alias.name: alias.name for alias in node.names}
    name = (PurePosixPath(place) / file.relative_to(folder).as_posix()).as_posix()
    for class_name in sorted(found):
        yield _Class(file, name, found[class_name], known | known.get(class_name, {}), aliases)


def _is_test_case(item: _Class, by_name: Mapping[str, _Class], seen: tuple[str, ...]) -> bool:
    for base in item.bases:
        if base.endswith("TestCase") and base not in by_name:
            return True
        if base in by_name and base not in seen and _is_test_case(by_name[base], by_name, (*seen, base)):
            return True
    return False


def _methods(item: _Class, by_name: Mapping[str, _Class], seen: tuple[str, ...] = ()) -> dict[str, tuple[_Class, Any]]:
    """Return functions by name, including those of the suite's own base classes; a later one replaces an earlier."""
    found: dict[str, tuple[_Class, Any]] = {}
    for base in reversed(item.bases):
        if base in by_name and base not in seen:
            found |= _methods(by_name[base], by_name, (*seen, base))
    for node in item.node.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            found[node.name] = (item, node)
    return found


def _cases(item: _Class, by_name: Mapping[str, _Class]) -> Iterator[Case]:
    for name, (owner, node) in sorted(_methods(item, by_name).items()):
        identity = f"{item.name}::{item.node.name}::{name}"
        marks = _Marks(owner, node)
        doc = (ast.get_docstring(node) or "").strip().partition("\n")[0].strip()
        partial = marks.get("partial_credit")
        column = marks.get("leaderboard")
        spec = TestSpec(
            id=f"test_{PART}.py::test_case[{identity}]",
            part=PART,
            title=doc or f"{name} ({item.node.name})",
            number=marks.text("number", ""),
            points=marks.points("weight" if partial is None else "partial_credit"),
            visibility=marks.visibility(),
            tags=tuple(str(tag) for tag in marks.known("tags") if tag is not None),
            hide_errors=marks.text("hide_errors", "Test failed") if marks.get("hide_errors") else None,
            partial=partial is not None,
            leaderboard=(str(marks.value("leaderboard", "")), marks.order()) if column else None,
            sealed=False,
        )
        yield Case(identity, spec)


class _Marks:
    """The decorators of one test method."""

    def __init__(self, owner: _Class, node: ast.FunctionDef) -> None:
        self.file = owner.file
        self.owner = owner
        self.calls: dict[str, ast.Call] = {}
        for decorator in reversed(node.decorator_list):  # the topmost is applied last and takes precedence
            if isinstance(decorator, ast.Call):
                name = ast.unparse(decorator.func).rpartition(".")[2]
                self.calls[owner.aliases.get(name, name)] = decorator

    def get(self, name: str) -> ast.Call | None:
        return self.calls.get(name)

    def known(self, name: str) -> list[Any]:
        """The arguments of a decorator, in the order of its parameters; None if the text doesn't determine one."""
        call = self.calls.get(name)
        nodes = [*call.args, *(keyword.value for keyword in call.keywords)] if call else []
        return [value_of(node, self.owner.constants) for node in nodes]

    def text(self, name: str, default: str) -> str:
        """The text argument of a decorator that is only shown; `default` if it is made while the suite runs."""
        values = self.known(name)
        return str(values[0]) if values and values[0] is not None else default

    def values(self, name: str) -> list[Any]:
        """The arguments of a decorator; all of them must be known without running the suite."""
        call = self.calls.get(name)
        values = self.known(name)
        if call is not None and None in values:
            raise AssignmentError(
                self.file, call.lineno, f"@{name} needs plain numbers and texts, to be known before student code runs"
            )
        return values

    def value(self, name: str, default: object) -> Any:
        values = self.values(name)
        return values[0] if values else default

    def points(self, name: str) -> Fraction:
        value = self.value(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise AssignmentError(self.file, self.calls[name].lineno, f"@{name} needs a number from 0 up")
        return Fraction(str(value))

    def visibility(self) -> Visibility:
        value = self.value("visibility", "visible")
        if value not in VISIBILITIES:
            known = ", ".join(VISIBILITIES)
            raise AssignmentError(self.file, self.calls["visibility"].lineno, f"@visibility must be one of {known}")
        return value  # type: ignore[no-any-return]  # it is one of the literals

    def order(self) -> str:
        values = self.values("leaderboard")
        return "asc" if len(values) > 1 and values[1] == "asc" else "desc"
