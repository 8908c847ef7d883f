"""Reads the tests of a unittest suite, and their points, from its text, without running it.

A suite imports the student's code when it is imported. So if the running suite listed its tests, a hand-in could change
the list and the points.
"""

from __future__ import annotations

import ast
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
from grader.testing.suite_plan import MARKS, SKIPPED, TO_FAIL, is_points

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
    """Whether the suite skips it in any case, or marks it to fail."""
    mark: str = ""
    """The suite's own mark or decorator that says how many points it has; empty for gradescope_utils' or none."""


@dataclass(frozen=True)
class _Owner:
    """A file or a class of the suite's text, in which tests are."""

    file: Path
    name: str
    """The file's path in the run folder."""
    constants: Mapping[str, Any]
    aliases: Mapping[str, str]


@dataclass(frozen=True)
class _Class(_Owner):
    """One class of the suite's text."""

    node: ast.ClassDef

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
        found = list(doubts_of(file, constants.tree(file), test_cases))
        if functions:
            own.append(name)
        for item in tests:
            if item.file == file:
                of_class, problems = _cases(item, by_name, notes)
                cases += of_class
                found += problems
        owner = _Owner(file, name, constants.of(file), _aliases(constants.tree(file)))
        for inner, node in functions:
            case, problems = _case(owner, inner, node, node.name, why_off(node), notes)
            cases += case
            found += problems
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


def off(file: str, line: int | None, name: str, why: str) -> str:
    """Return a note that nobody can earn a test's points; `why` is one of `why_off`."""
    return f"{file}:{line}: {name} is {why}, so it has no points."


def why_off(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    """Say why a decorator in the text takes a test's points, or those of a class's tests, in any case; empty if none.

    A test that is marked to fail passes in its own runner if the student's code does nothing: no points are for that.
    One that must raise a certain exception is a test like any other.
    """
    for item in node.decorator_list:
        name = ast.unparse(item.func if isinstance(item, ast.Call) else item)
        words = {word.arg for word in item.keywords} if isinstance(item, ast.Call) else set()
        if name in ("skip", "unittest.skip", "pytest.mark.skip"):
            return SKIPPED
        if name in ("expectedFailure", "unittest.expectedFailure"):
            return TO_FAIL
        if (
            name == "pytest.mark.xfail"
            and not (isinstance(item, ast.Call) and item.args)
            and words <= {"reason", "strict", "run"}
        ):
            return TO_FAIL
    return ""


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


def case_of(identity: str, *, weighed: bool = False, off: bool = False, mark: str = "", **fields: Any) -> Case:
    """Return a case with the id by which the worker knows it: short, and independent of pytest's own naming."""
    word = in_word(identity)
    if word != identity or len(word) > ID_CHARS:
        word = f"{word[:ID_CHARS]}~{digest(identity.encode())[:8]}"
    spec = TestSpec(id=f"test_{PART}.py::test_case[{word}]", part=PART, sealed=False, **fields)
    return Case(identity, word, spec, weighed, off, mark)


def _files(folder: Path) -> list[Path]:
    found = (file for file in folder.rglob("*.py") if not _SKIPPED & set(file.relative_to(folder).parts))
    return sorted(file for file in found if file.is_file())


def _classes(folder: Path, file: Path, constants: Constants) -> Iterator[_Class]:
    tree = constants.tree(file)
    found = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if not found:
        return  # a file without classes is read when a file with tests imports it
    known = constants.of(file)
    aliases = _aliases(tree)
    name = file.relative_to(folder).as_posix()
    for class_name in sorted(found):
        yield _Class(file, name, known | known.get(class_name, {}), aliases, found[class_name])


def _aliases(tree: ast.Module) -> dict[str, str]:
    """The names under which a file imports gradescope_utils' decorators, with their own names."""
    aliases: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and "gradescope_utils" in (node.module or ""):
            aliases |= {alias.asname or alias.name: alias.name for alias in node.names}
    return aliases


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
        title = f"{name} ({item.node.name})"
        why = why_off(node) or why_off(item.node)
        case, problems = _case(owner, f"{item.node.name}::{name}", node, title, why, notes, item.name)
        cases += case
        doubts += problems
    return cases, doubts


def _case(
    owner: _Owner,
    name: str,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    title: str,
    why: str,
    notes: dict[str, None],
    file: str | None = None,
) -> tuple[list[Case], list[Doubt]]:
    """Return one test, or why its points aren't known; and what else isn't.

    Args:
        owner: the file or the class in whose text the test is.
        name: the test's name in its file.
        node: its function.
        title: for a test without a docstring.
        why: why nobody can earn its points; empty if anybody can.
        notes: gains what the staff should know.
        file: the test's file, if it isn't the owner's.
    """
    marks = _Marks(owner, node)
    unsure = []
    for mark in ("weight", "partial_credit", "visibility", "leaderboard"):
        call = marks.get(mark)
        if call is not None and None in marks.known(mark):
            unsure.append(Doubt(owner.file, call.lineno, f"@{mark} {NEEDS_PLAIN}"))
    if unsure:
        return [], unsure
    doubts = []
    for mark in ("number", "tags", "hide_errors"):
        call = marks.get(mark)
        if call is not None and None in marks.known(mark):
            doubts.append(Doubt(owner.file, call.lineno, f"@{mark} is computed", certain=False))
    if why:
        notes[off(owner.name, _first_line(node), node.name, why)] = None
    weighed = marks.topmost("weight", "partial_credit")
    own = None if weighed else marks.own_points()
    doc = (ast.get_docstring(node) or "").strip().partition("\n")[0].strip()
    points = own[1] if own else marks.points(weighed or "weight")
    spec: dict[str, Any] = {
        "title": doc or title,
        "number": marks.text("number", ""),
        "points": Fraction(0) if why else points,
        "visibility": marks.visibility(notes),
        "tags": tuple(str(tag) for tag in marks.known("tags") if tag is not None),
        "hide_errors": marks.text("hide_errors", "Test failed") if marks.get("hide_errors") else None,
        "partial": marks.get("partial_credit") is not None,
        "leaderboard": (str(marks.value("leaderboard", "")), marks.order()) if marks.get("leaderboard") else None,
        "as_set": True,
    }
    identity = f"{file or owner.name}::{name}"
    known = weighed is not None or own is not None
    return [case_of(identity, weighed=known, off=bool(why), mark=own[0] if own else "", **spec)], doubts


class _Marks:
    """The decorators of one test method."""

    def __init__(self, owner: _Owner, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.file = owner.file
        self.owner = owner
        self.calls: dict[str, ast.Call] = {}
        self.own: dict[str, ast.Call] = {}
        """Calls by their whole text, such as `pytest.mark.points`, whose name is one for points."""
        for decorator in reversed(node.decorator_list):  # the topmost is applied last and takes precedence
            if isinstance(decorator, ast.Call):
                text = ast.unparse(decorator.func)
                name = text.rpartition(".")[2]
                if name in MARKS:
                    self.own[text] = decorator
                if not text.startswith(("pytest.mark.", "mark.")):
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
        if not is_points(value):
            raise AssignmentError(self.file, self.calls[name].lineno, f"@{name} needs a number from 0 up")
        return Fraction(str(value))

    def own_points(self) -> tuple[str, Fraction] | None:
        """The topmost of the suite's own marks that says a number of points, and the number."""
        for text, call in reversed(self.own.items()):
            named = [word.value for word in call.keywords if word.arg in MARKS]
            for node in (*call.args[:1], *named):
                value = value_of(node, self.owner.constants)
                if is_points(value):
                    return text, Fraction(str(value))
        return None

    def visibility(self, notes: dict[str, None]) -> Visibility:
        call = self.get("visibility")
        line = call.lineno if call else None
        return visibility_of(self.value("visibility", "visible"), self.owner.name, line, notes)

    def order(self) -> str:
        values = self.values("leaderboard")
        return "asc" if len(values) > 1 and values[1] == "asc" else "desc"
