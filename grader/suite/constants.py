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

DEPTH = 50
"""The longest chain of imports that is followed; values beyond it are unknown."""
_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


class Constants:
    """The plain values in the files of one suite."""

    def __init__(self, folder: Path, place: str) -> None:
        """Search modules in `folder`, whose path is `place` when the suite runs, and beside the importing file."""
        self._folder = folder
        self._place = place
        self._trees: dict[Path, ast.Module] = {}
        self._first: dict[Path, Values] = {}
        """The values of files that were imported first."""
        self._files: dict[Path, Values] = {}
        """The values of files that were read to their end."""
        self._open: dict[Path, Values] = {}
        """The values so far of files that are being read."""
        self._is_partial = False
        """Whether an import gave only some of a file's values."""

    def tree(self, file: Path) -> ast.Module:
        """Return a file's syntax tree; raises AssignmentError if it isn't Python."""
        if file not in self._trees:
            try:
                self._trees[file] = ast.parse(file.read_bytes())
            except (SyntaxError, ValueError) as error:
                raise AssignmentError(file, getattr(error, "lineno", None), f"isn't Python: {error}") from None
        return self._trees[file]

    def of(self, file: Path) -> Values:
        """Return the values that a file's top level defines, if this file is imported first, as its tests do.

        Files may import each other: as in Python, an import of a file that is being read gives what it has so far.
        """
        if file not in self._first:
            self._is_partial = False
            whole = dict(self._files)
            self._first[file] = self._read(file)
            if self._is_partial:  # in another order, the files that were read may have other values
                self._files = whole
        return self._first[file]

    def _read(self, file: Path) -> Values:
        if file in self._files:
            return self._files[file]
        if file in self._open or len(self._open) == DEPTH:
            self._is_partial = True
            return self._open.get(file, {})
        found: Values = {}
        self._open[file] = found
        self._collect(self.tree(file).body, file.parent, {}, found)
        self._files[file] = self._open.pop(file)
        return found

    def _collect(self, body: Iterable[ast.stmt], home: Path, outer: Values, found: Values) -> None:
        """Add to `found` the values that the statements define, one by one."""
        for node in body:
            new: Values = {}
            if isinstance(node, ast.ClassDef):
                new[node.name] = {}
                self._collect(node.body, home, outer | found, new[node.name])
            elif isinstance(node, ast.Import | ast.ImportFrom | ast.Try):
                new |= self._bound(node, home)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                known = value_of(node.value, outer | found)
                new |= {target.id: known for target in targets if isinstance(target, ast.Name)}
            for name in _touched(node):
                found.pop(name, None)
            found.update((name, value) for name, value in new.items() if value is not None)

    def _bound(self, node: ast.stmt, home: Path) -> Values:
        """The names that an import binds, or imports with others for the case that they fail."""
        bound: Values = {}
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound |= self._imported(alias, home)
        elif isinstance(node, ast.ImportFrom):
            bound = self._imported_from(node, home)
        elif isinstance(node, ast.Try) and not node.orelse and not node.finalbody:
            ways = [self._all_bound(block, home) for block in (node.body, *(other.body for other in node.handlers))]
            # in which way it goes is known only when it runs, so all must give the same
            bound = {name: value for name, value in ways[0].items() if all(way.get(name) == value for way in ways)}
        return bound

    def _all_bound(self, body: Iterable[ast.stmt], home: Path) -> Values:
        bound: Values = {}
        for node in body:
            bound |= self._bound(node, home)
            if not isinstance(node, ast.Import | ast.ImportFrom):
                bound |= dict.fromkeys(_touched(node))
        return bound

    def _imported(self, alias: ast.alias, home: Path) -> Values:
        file = self.module(alias.name, home)
        value = None if file is None else self._read(file)
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
        file = self.module(module, home, relative=node.level > 0)
        theirs = {} if file is None else self._read(file)
        found: Values = {}
        for alias in node.names:
            inner = self.module(f"{module}.{alias.name}".strip("."), home, relative=node.level > 0)
            if alias.name == "*":
                found |= theirs
            else:
                found[alias.asname or alias.name] = theirs.get(alias.name, None if inner is None else self._read(inner))
        return found

    def module(self, name: str, home: Path, *, relative: bool = False) -> Path | None:
        """Return the file of the suite that an import in a file of the folder `home` finds; None if there is none."""
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
