"""Finds the places in a suite's text where tests may be made while it runs: text alone doesn't show all tests there."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_MAKERS = (
    "expand",
    "parametrize",
    "parameterized",
    "parameterized_class",
    "ddt",
    "data",
    "file_data",
    "idata",
    "foreach",
)
"""Decorators that make several tests of one."""
_Found = Iterator[tuple[int, str, bool]]
"""Line, what is there, and whether it certainly matters."""
_ORDINARY = frozenset(
    {
        *("weight", "number", "visibility", "tags", "hide_errors", "leaderboard", "partial_credit"),
        *("skip", "expectedFailure", "patch", "object", "dict", "multiple", "wraps"),
        *("staticmethod", "classmethod", "property", "timeout", "usefixtures", "no_grad"),
    }
)
"""Decorators that leave one test one test."""


@dataclass(frozen=True)
class Doubt:
    """A place where a test, or its points, may be made while the suite runs."""

    file: Path
    line: int
    what: str
    certain: bool = True
    """False if the place is often harmless, such as an unknown decorator."""


def doubts_of(file: Path, tree: ast.Module, test_cases: Collection[str]) -> Iterator[Doubt]:
    """Yield the places in one test file; `test_cases` are the names of the suite's own test classes."""
    aliases = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for line, what, certain in _doubts(tree, test_cases, aliases):
        yield Doubt(file, line, what, certain)


def pytest_tests(
    tree: ast.Module, test_cases: Collection[str]
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the tests that only pytest finds: functions, and methods of classes that aren't unittest's."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test") and node.name not in test_cases:
            if any(ast.unparse(base).endswith("TestCase") for base in node.bases):
                continue
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name.startswith("test"):
                    yield f"{node.name}::{inner.name}", inner


def _doubts(tree: ast.Module, test_cases: Collection[str], aliases: Mapping[str, str]) -> _Found:
    for node in _outside_of_tests(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in ("setattr", "exec", "globals"):
                yield node.lineno, f"{called}() may make tests", True
            elif called == "type" and len(node.args) == 3:
                yield node.lineno, "type() makes a class", True
        elif isinstance(node, ast.FunctionDef) and node.name in ("load_tests", "pytest_generate_tests"):
            yield node.lineno, f"{node.name} makes tests", True
        elif isinstance(node, ast.ClassDef) and node not in tree.body and _may_test(node, test_cases):
            yield node.lineno, f"class {node.name} is made by a function or a block", True
        elif isinstance(node, ast.ImportFrom) and any(alias.name in test_cases for alias in node.names):
            yield node.lineno, "a class with tests is imported", False
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                name = ast.unparse(target).rpartition(".")[2]
                made = isinstance(node.value, ast.Call | ast.Lambda)
                if name == "pytestmark":
                    yield node.lineno, "pytestmark may switch tests off", False
                if made and name.startswith(("test_", "Test")) and not name.isupper():
                    yield node.lineno, f"{name} is assigned", True
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _may_test(node, test_cases):
            yield from _of_class(node, test_cases, aliases)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield from _decorators(node, aliases)
            yield from ((node.lineno, f"{node.name} has arguments", False) for _ in node.args.args[:1])


def _of_class(node: ast.ClassDef, test_cases: Collection[str], aliases: Mapping[str, str]) -> _Found:
    yield from _decorators(node, aliases)
    if node.keywords:
        yield node.lineno, f"class {node.name} has a metaclass or keywords", False
    for base in node.bases:
        text = ast.unparse(base).rpartition(".")[2]
        if text not in test_cases and not text.endswith("TestCase") and text not in ("object", "ABC"):
            yield node.lineno, f"class {node.name} inherits from {ast.unparse(base)}", isinstance(base, ast.Call)
    for inner in node.body:
        if isinstance(inner, ast.For | ast.While | ast.If | ast.With | ast.Try):
            yield inner.lineno, f"a block in class {node.name} may make tests", True
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name.startswith("test"):
            yield from _decorators(inner, aliases)
            if not any(
                ast.unparse(base).endswith("TestCase") or ast.unparse(base) in test_cases for base in node.bases
            ):
                yield from ((inner.lineno, f"{inner.name} has arguments", False) for _ in inner.args.args[1:2])


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, aliases: Mapping[str, str]) -> _Found:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        text = ast.unparse(called)
        last = text.rpartition(".")[2]
        name = aliases.get(last, last)
        if name in ("skipIf", "skipUnless", "skipif", "xfail"):
            yield decorator.lineno, f"@{text} may switch a test off", False
        elif name not in _ORDINARY:
            yield decorator.lineno, f"@{text} may make several tests of one", name in _MAKERS


def _may_test(node: ast.ClassDef, test_cases: Collection[str]) -> bool:
    """Whether a class may have tests: by its name, its bases, or a base that only a run shows."""
    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    return node.name.startswith("Test") or any(base in test_cases or base.endswith("TestCase") for base in bases)


def _outside_of_tests(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that may run while the file is imported: all but the bodies of the methods of classes."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.ClassDef) and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)):
                waiting.append(child)
