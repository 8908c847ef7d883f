"""Reads the tests of a unittest suite, and their points, from its text, without running it.

A suite imports the student's code when it is imported. So if the running suite listed its tests, a hand-in could change
the list and the points.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.errors import AssignmentError, UsageError
from grader.fixtures import TestSpec, digest
from grader.report import VISIBILITIES, Visibility
from grader.suite.constants import Constants, value_of
from grader.suite.doubts import Doubt, doubts_of, pytest_tests

PART = "suite"
ID_CHARS = 80
NEEDS_PLAIN = "needs plain numbers and texts, to be known before student code runs"
_SKIPPED = {"__pycache__", ".git", ".pytest_cache", "venv", ".venv"}


@dataclass(frozen=True)
class Case:
    """One test method."""

    identity: str
    """`tests/test_x.py::TestX::test_y`."""
    word: str
    """The identity in a form that fits into a test's id."""
    spec: TestSpec
    weighed: bool = False
    """Whether the suite says how many points it has, be it none."""
    off: bool = False
    """Whether the suite skips it in any case."""


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


@dataclass(frozen=True)
class Scan:
    """The findings in a suite's text."""

    cases: tuple[Case, ...]
    files: tuple[str, ...]
    """The files with tests."""
    pytest: tuple[str, ...]
    """Those of them that have tests of pytest's own."""
    doubts: tuple[Doubt, ...]
    """Places where tests or points may be made while the suite runs."""
    notes: tuple[str, ...]
    """What the staff should know."""
    constants: Constants


def scan(folder: Path) -> Scan:
    """Read the tests below `folder` in unittest's order: files, classes and methods by name.

    Raises:
        UsageError: there is no test.
        AssignmentError: a file isn't Python, or a decorator's argument is wrong.
    """
    constants = Constants(folder, folder.name)
    files = _files(folder)
    classes = [item for file in files for item in _classes(folder, file, constants)]
    by_name = {item.node.name: item for item in classes}
    tests = [item for item in classes if _is_test_case(item, by_name, ())]
    is_named = {file: file.stem.startswith("test") or file.stem.endswith("_test") for file in files}
    some_named = any(is_named[item.file] for item in tests)
    tests = [item for item in tests if is_named[item.file] or not some_named]
    test_cases = {item.node.name for item in classes if _is_test_case(item, by_name, ())}
    cases: list[Case] = []
    doubts: list[Doubt] = []
    own: list[str] = []
    notes: dict[str, None] = {}
    with_tests = {item.file for item in tests}
    for file in files:
        if not (is_named[file] or file in with_tests):
            continue
        name = file.relative_to(folder).as_posix()
        functions = list(pytest_tests(constants.tree(file), test_cases)) if is_named[file] else []
        notes |= dict.fromkeys(off(name, _first_line(inner), inner.name) for _, inner in functions if is_off(inner))
        found = list(doubts_of(file, constants.tree(file), test_cases))
        if functions:
            own.append(name)
        for item in tests:
            if item.file == file:
                of_class, problems = _cases(item, by_name, notes)
                cases += of_class
                found += problems
        cases += [_plain_case(name, inner, node) for inner, node in functions]
        doubts += found
        if found or functions:
            with_tests.add(file)
    if not cases and not doubts:
        raise UsageError(
            f"{folder} has no tests: no class of a file in it inherits from TestCase, and no test file has a test "
            "function; name the suite's own folder"
        )
    names = tuple(file.relative_to(folder).as_posix() for file in files if file in with_tests)
    return Scan(tuple(cases), names, tuple(own), tuple(doubts), tuple(notes), constants)


def in_word(name: str) -> str:
    """Return a name as it is in the id of a test: `tests/test_a.py` is `tests_test_a.py`."""
    return re.sub(r"[^\w.:-]+", "_", name, flags=re.ASCII)


def off(file: str, line: int | None, name: str) -> str:
    """Return a note that a test is switched off, so that nobody can earn its points."""
    return f"{file}:{line}: {name} is switched off by the suite's own skip, so it has no points."


def is_off(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a decorator in the text skips a test or all tests of a class in any case."""
    called = (item.func if isinstance(item, ast.Call) else item for item in node.decorator_list)
    return any(ast.unparse(item) in ("skip", "unittest.skip", "pytest.mark.skip") for item in called)


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The line that Python calls a function's first one."""
    return min(item.lineno for item in (*node.decorator_list, node))


def visibility_of(value: Any, file: str, line: int | None, notes: dict[str, None]) -> Visibility:
    """Return a test's visibility. What no platform knows hides the test, and is noted: a suite's runner may know it."""
    if value in VISIBILITIES:
        return value  # type: ignore[no-any-return]  # it is one of the literals
    known = ", ".join(VISIBILITIES)
    notes[f"{file}:{line}: @visibility({value!r}) is none of {known}; the test is hidden from students."] = None
    return "hidden"


def case_of(identity: str, *, weighed: bool = False, off: bool = False, **fields: Any) -> Case:
    """Return a case with the id by which the worker knows it: short, and independent of pytest's own naming."""
    word = in_word(identity)
    if word != identity or len(word) > ID_CHARS:
        word = f"{word[:ID_CHARS]}~{digest(identity.encode())[:8]}"
    spec = TestSpec(id=f"test_{PART}.py::test_case[{word}]", part=PART, sealed=False, **fields)
    return Case(identity, word, spec, weighed, off)


def _plain_case(file: str, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Case:
    doc = (ast.get_docstring(node) or "").strip().partition("\n")[0].strip()
    return case_of(f"{file}::{name}", off=is_off(node), title=doc or node.name, number="", points=Fraction(0))


def _files(folder: Path) -> list[Path]:
    found = (file for file in folder.rglob("*.py") if not _SKIPPED & set(file.relative_to(folder).parts))
    return sorted(file for file in found if file.is_file())


def _classes(folder: Path, file: Path, constants: Constants) -> Iterator[_Class]:
    tree = constants.tree(file)
    found = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if not found:
        return  # a file without classes is read when a file with tests imports it
    known = constants.of(file)
    aliases: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and "gradescope_utils" in (node.module or ""):
            aliases |= {alias.asname or alias.name: alias.name for alias in node.names}
    name = file.relative_to(folder).as_posix()
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


def _cases(item: _Class, by_name: Mapping[str, _Class], notes: dict[str, None]) -> tuple[list[Case], list[Doubt]]:
    cases: list[Case] = []
    doubts: list[Doubt] = []
    for name, (owner, node) in sorted(_methods(item, by_name).items()):
        marks = _Marks(owner, node)
        doc = (ast.get_docstring(node) or "").strip().partition("\n")[0].strip()
        weighed = marks.topmost("weight", "partial_credit")
        column = marks.get("leaderboard")
        unsure = []
        for mark in ("weight", "partial_credit", "visibility", "leaderboard"):
            call = marks.get(mark)
            if call is not None and None in marks.known(mark):
                unsure.append(Doubt(owner.file, call.lineno, f"@{mark} {NEEDS_PLAIN}"))
        if unsure:
            doubts += unsure
            continue
        for mark in ("number", "tags", "hide_errors"):
            call = marks.get(mark)
            if call is not None and None in marks.known(mark):
                doubts.append(Doubt(owner.file, call.lineno, f"@{mark} is computed", certain=False))
        switched_off = is_off(node) or is_off(item.node)
        if switched_off:
            notes[off(owner.name, _first_line(node), name)] = None
        spec: dict[str, Any] = {
            "title": doc or f"{name} ({item.node.name})",
            "number": marks.text("number", ""),
            "points": Fraction(0) if switched_off else marks.points(weighed or "weight"),
            "visibility": marks.visibility(notes),
            "tags": tuple(str(tag) for tag in marks.known("tags") if tag is not None),
            "hide_errors": marks.text("hide_errors", "Test failed") if marks.get("hide_errors") else None,
            "partial": marks.get("partial_credit") is not None,
            "leaderboard": (str(marks.value("leaderboard", "")), marks.order()) if column else None,
            "as_set": True,
        }
        identity = f"{item.name}::{item.node.name}::{name}"
        cases.append(case_of(identity, weighed=weighed is not None, off=switched_off, **spec))
    return cases, doubts


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

    def topmost(self, *names: str) -> str | None:
        """The one of these decorators that is applied last and so takes precedence."""
        there = [name for name in self.calls if name in names]
        return there[-1] if there else None

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
        """The arguments of a decorator, which are known without running the suite."""
        return self.known(name)

    def value(self, name: str, default: object) -> Any:
        values = self.values(name)
        return values[0] if values else default

    def points(self, name: str) -> Fraction:
        value = self.value(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise AssignmentError(self.file, self.calls[name].lineno, f"@{name} needs a number from 0 up")
        return Fraction(str(value))

    def visibility(self, notes: dict[str, None]) -> Visibility:
        call = self.get("visibility")
        line = call.lineno if call else None
        return visibility_of(self.value("visibility", "visible"), self.owner.name, line, notes)

    def order(self) -> str:
        values = self.values("leaderboard")
        return "asc" if len(values) > 1 and values[1] == "asc" else "desc"
