"""Finds the names that a syntax tree binds, and the names, modules and files that it uses."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from grader.authoring.source import bodies

Function = ast.FunctionDef | ast.AsyncFunctionDef
Import = ast.Import | ast.ImportFrom
_BY_NAME = {"usefixtures", "getfixturevalue", "lazy_fixture", "getattr", "import_module", "__import__", "importorskip"}
"""Functions whose text arguments are names."""


@dataclass(frozen=True)
class Use:
    """Names that a kept file uses from another module."""

    module: str
    """As in an import statement; with leading dots if relative."""
    names: frozenset[str] | None
    """None if any name of the module may be used."""


@dataclass(frozen=True)
class Uses:
    """The names that one file uses."""

    modules: tuple[Use, ...]
    arguments: frozenset[str]
    """Arguments of functions: each may be a pytest fixture of conftest.py."""
    constants: frozenset[str]
    """Its text constants except docstrings: each may name a data file."""


def uses_of(tree: ast.Module) -> Uses:
    """Return what a file uses."""
    nodes = list(ast.walk(tree))
    documentation = {node.value for node in nodes if isinstance(node, ast.Expr)}
    return Uses(
        tuple(_modules(nodes)),
        frozenset(_arguments(nodes)),
        frozenset(
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documentation
        ),
    )


def _arguments(nodes: Collection[ast.AST]) -> Iterator[str]:
    """Names that pytest looks up: arguments of functions, and text arguments of the functions in `_BY_NAME`."""
    for node in nodes:
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Call) and _last_name(node.func) in _BY_NAME:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Call)
            and isinstance(node.slice, ast.Constant)
        ):
            yield str(node.slice.value)  # globals()["name"]


def _modules(nodes: Collection[ast.AST]) -> Iterator[Use]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names = frozenset(alias.name for alias in node.names)
            yield Use(module, None if "*" in names else names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield Use(alias.name, None if "." in alias.name else _attributes(nodes, alias.asname or alias.name))
        elif isinstance(node, ast.Call) and _last_name(node.func) in ("import_module", "__import__", "importorskip"):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield Use(argument.value, None)


def _attributes(nodes: Collection[ast.AST], name: str) -> frozenset[str] | None:
    """Return the attributes that are read from a module's name; None if the name is used in another way."""
    bases = {node.value: node.attr for node in nodes if isinstance(node, ast.Attribute)}
    places = [node for node in nodes if isinstance(node, ast.Name) and node.id == name]
    return frozenset(bases[node] for node in places) if all(node in bases for node in places) else None


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def used_names(nodes: Collection[ast.AST]) -> set[str]:
    """Return the names that some nodes use from their own file."""
    names = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)}
    names |= {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    return names | set(_arguments(nodes))


def bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds; empty if it does more than bind names."""
    if isinstance(node, Function | ast.ClassDef):
        return {node.name}
    if isinstance(node, Import):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    flat = [
        part for target in targets for part in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])
    ]
    return {part.id for part in flat if isinstance(part, ast.Name)} if _all_names(flat) else set()


def _all_names(targets: list[ast.expr]) -> bool:
    return all(isinstance(target, ast.Name) for target in targets)


def base_name(node: ast.stmt) -> str:
    """Return the name whose value a statement changes, SEEN in `SEEN["a"] = 1` and `SEEN.append(1)`; else empty."""
    place: ast.expr | None = None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        place = node.targets[0]
    elif isinstance(node, ast.AugAssign):
        place = node.target
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        place = node.value.func
    while isinstance(place, ast.Attribute | ast.Subscript):
        place = place.value
    return place.id if isinstance(place, ast.Name) else ""


def all_bound(holder: ast.AST, gone: Collection[ast.stmt]) -> set[str]:
    """Return the names that a module binds, including those in branches."""
    names: set[str] = set()
    for body in bodies(holder):
        for node in body:
            if node not in gone:
                names |= bound(node)
                names |= set() if isinstance(node, Function | ast.ClassDef) else all_bound(node, gone)
    return names
