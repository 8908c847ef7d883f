"""Finds the values of names in a suite's text without running it: only plain values that can't have changed."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grader.errors import AssignmentError

Values = dict[str, Any]
"""Name to value; a class or a module is a dict of its own names."""

_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


class Constants:
    """The plain values in the files of one suite."""

    def __init__(self, folder: Path, place: str) -> None:
        """Search modules in `folder`, whose path is `place` when the suite runs, and beside the importing file."""
        self._folder = folder
        self._place = place
        self._trees: dict[Path, ast.Module] = {}
        self._files: dict[Path, Values] = {}

    def tree(self, file: Path) -> ast.Module:
        """Return a file's syntax tree; raises AssignmentError if it isn't Python."""
        if file not in self._trees:
            try:
                self._trees[file] = ast.parse(file.read_bytes())
            except (SyntaxError, ValueError) as error:
                raise AssignmentError(file, getattr(error, "lineno", None), f"isn't Python: {error}") from None
        return self._trees[file]

    def of(self, file: Path) -> Values:
        """Return the values that a file's top level defines; empty inside a cycle of imports through this file."""
        if file not in self._files:
            self._files[file] = {}
            self._files[file] = self._left_by(self.tree(file).body, file.parent, {})
        return self._files[file]

    def _left_by(self, body: Iterable[ast.stmt], home: Path, outer: Values) -> Values:
        found: Values = {}
        for node in body:
            new: Values = {}
            if isinstance(node, ast.ClassDef):
                new[node.name] = self._left_by(node.body, home, outer | found)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    new |= self._imported(alias, home)
            elif isinstance(node, ast.ImportFrom):
                new |= self._imported_from(node, home)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                known = value_of(node.value, outer | found)
                new |= {target.id: known for target in targets if isinstance(target, ast.Name)}
            for name in _touched(node):
                found.pop(name, None)
            found |= {name: value for name, value in new.items() if value is not None}
        return found

    def _imported(self, alias: ast.alias, home: Path) -> Values:
        file = self._module(alias.name, home)
        value = None if file is None else self.of(file)
        if alias.asname:
            return {alias.asname: value}
        first, *inner = alias.name.split(".")
        for part in reversed(inner):
            value = {part: value}
        return {first: value}

    def _imported_from(self, node: ast.ImportFrom, home: Path) -> Values:
        if node.level:
            home = home.joinpath(*[".."] * (node.level - 1))
        module = node.module or ""
        file = self._module(module, home, relative=node.level > 0)
        theirs = {} if file is None else self.of(file)
        found: Values = {}
        for alias in node.names:
            inner = self._module(f"{module}.{alias.name}".strip("."), home, relative=node.level > 0)
            if alias.name == "*":
                found |= theirs
            else:
                found[alias.asname or alias.name] = theirs.get(alias.name, None if inner is None else self.of(inner))
        return found

    def _module(self, name: str, home: Path, *, relative: bool = False) -> Path | None:
        parts = name.split(".") if name else []
        places = [home] if relative else [self._folder, home]
        if parts[:1] == [self._place]:
            places.append(self._folder.parent)
        for place in places if parts or relative else []:
            path = place.joinpath(*parts)
            for file in ([path.with_name(f"{path.name}.py")] if parts else []) + [path / "__init__.py"]:
                if file.is_file():
                    return file
        return None


def _touched(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, deletes or may change, at any depth except in functions and classes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    for inner in ast.walk(node):
        if isinstance(inner, ast.alias):
            yield (inner.asname or inner.name).partition(".")[0]
        changed = isinstance(getattr(inner, "ctx", None), ast.Store | ast.Del)
        call = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)
        root: ast.AST = inner.func if isinstance(inner, ast.Call) and call else inner
        if changed or call:
            while isinstance(root, ast.Attribute | ast.Subscript | ast.Starred):
                root = root.value
            if isinstance(root, ast.Name):
                yield root.id


def value_of(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """Return the plain value of an expression; None if the text doesn't determine it."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        holder = value_of(node.value, known)
        return holder.get(node.attr) if isinstance(holder, dict) else None
    if isinstance(node, ast.Subscript):
        holder, key = value_of(node.value, known), value_of(node.slice, known)
        try:
            return None if key is None else holder[key]
        except (TypeError, LookupError):
            return None
    if isinstance(node, ast.List | ast.Tuple):
        return None if any(isinstance(item, ast.Starred) for item in node.elts) else _all(node.elts, known)
    if isinstance(node, ast.Dict):
        keys = _all([key for key in node.keys if key is not None], known)
        if None in keys or None in node.keys or not all(isinstance(key, int | float | str) for key in keys):
            return None
        return dict(zip(keys, _all(node.values, known), strict=True))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = value_of(node.operand, known)
        return -value if isinstance(value, int | float) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        left, right = value_of(node.left, known), value_of(node.right, known)
        if isinstance(left, int | float) and isinstance(right, int | float):
            try:
                return _OPERATIONS[type(node.op)](float(left), float(right))
            except (ZeroDivisionError, OverflowError):
                return None
    return None


def _all(nodes: Iterable[ast.expr], known: Mapping[str, Any]) -> list[Any]:
    return [value_of(node, known) for node in nodes]
