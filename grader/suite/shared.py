"""Finds what a suite's tests leave for each other in memory: such a suite needs one process for all of its tests."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_CHANGES = ("append", "add", "update", "extend", "insert", "setdefault", "pop", "remove", "clear")
_CONTAINERS = ("list", "dict", "set", "defaultdict", "Counter", "OrderedDict", "deque")
_AROUND = ("setUp", "tearDown", "__init__")
"""Functions that run for each test, also if the test is alone."""


@dataclass(frozen=True)
class Left:
    """What one test leaves for another."""

    file: str
    line: int
    name: str


def first_left(trees: Mapping[str, ast.Module]) -> Left | None:
    """Return the first value that a test sets or changes and another function reads; None if there is none.

    Args:
        trees: each file of tests, and its syntax.
    """
    functions = [(file, node) for file, tree in trees.items() for node in _functions(tree)]
    readers: dict[str, set[int]] = {}
    for _, node in functions:
        for name in _read(node):
            readers.setdefault(name, set()).add(id(node))
    for tree in trees.values():  # `from other import value`
        for statement in tree.body:
            for alias in statement.names if isinstance(statement, ast.ImportFrom) else []:
                readers.setdefault(alias.name, set()).add(id(tree))
    for file, function in functions:
        if function.name.startswith(_AROUND):
            continue
        tree = trees[file]
        classes = {item.name for item in tree.body if isinstance(item, ast.ClassDef)}
        for line, name in _written(function, classes, _containers(tree)):
            if readers.get(name, set()) - {id(function)}:
                return Left(file, line, name)
    return None


def _functions(tree: ast.Module) -> Iterator[_Function]:
    for node in tree.body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(inner, _Function):
                yield inner


def _containers(tree: ast.Module) -> set[str]:
    """The lists, dicts and sets that a module or a class of it makes when it is loaded."""
    found = set()
    for node in tree.body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            value = inner.value if isinstance(inner, ast.Assign | ast.AnnAssign) else None
            made = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in _CONTAINERS
            if made or isinstance(value, ast.List | ast.Dict | ast.Set):
                targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]  # type: ignore[attr-defined]  # it is one of the two
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def _read(function: _Function) -> set[str]:
    """The names and attributes that a function reads."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return found


def _written(function: _Function, classes: Collection[str], containers: Collection[str]) -> Iterator[tuple[int, str]]:
    """Yield line and name of what outlives a call: globals, attributes of classes, and changes of containers."""
    outer = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    local = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in outer:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            holder = ast.unparse(node.value)
            if holder in classes or holder in ("self.__class__", "type(self)"):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield from _changed(node.value, containers, local)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            yield from _changed(node.func.value, containers, local)


def _changed(node: ast.expr, containers: Collection[str], local: Collection[str]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Name) and node.id in containers and node.id not in local:
        yield node.lineno, node.id
    elif isinstance(node, ast.Attribute) and node.attr in containers and isinstance(node.value, ast.Name):
        yield node.lineno, node.attr
