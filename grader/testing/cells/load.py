"""Loads a module that `convert` made: each statement alone, so that one that fails costs only what it binds."""

from __future__ import annotations
import __future__

import ast
import builtins
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from types import CodeType, ModuleType
from typing import Any

from grader.testing.cells.keep import (
    Definition,
    Piece,
    added_to,
    binds_late,
    binds_of,
    in_main_guard,
    in_text,
    pieces_of,
)
from grader.testing.cells.places import BESIDE, FAILED, HEADER, LEFT, SKIPPED
from grader.testing.cells.syntax import WRITES, written_by

_ROUND = "__grader_round__"
ROUNDS = 100_000
"""How often the loops that one statement of a notebook's cells has may go round, all together."""


class CellLoader(SourceFileLoader):
    """Runs a converted module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run each statement; keep the exceptions for those who look for what is missing.

        A name that a test asks for may be given by a statement that no definition needs: `Adam = make_rule(table)`.
        Such a statement runs when the name is looked up.
        """
        source = self.get_data(self.path).decode("utf-8", "replace")
        tree = ast.parse(source, self.path)
        failed: dict[str, BaseException] = {}
        vars(module)[FAILED] = failed
        vars(module)["display"] = print  # IPython's own, with which people look at values in a function, too
        flags = 0
        for name in _written(source):
            if name not in sys.modules and find_spec(name) is None:
                sys.modules[name] = module
        for node in (item for outer in tree.body for item in _parts(outer, source)):
            try:
                flags |= self._run(node, module, flags)
            except Exception as error:
                if isinstance(error, TooManyRounds):
                    _forget(node, module)
                if not self._added(node, module, flags) and not self._unannotated(node, module, flags, error):
                    failed.update(dict.fromkeys(binds_of(node), error))
                    continue
            for name in binds_of(node):
                failed.pop(name, None)
        vars(module).setdefault("__getattr__", partial(self._late, module, source, flags))

    def _late(self, module: ModuleType, source: str, flags: int, name: str) -> object:
        """Run what gives a value to a name that the module lacks, and to the names that this needs."""
        failed: dict[str, BaseException] = vars(module)[FAILED]
        asked: set[str] = set()

        def bring(wanted: str) -> None:
            if wanted in asked or wanted in vars(module) or hasattr(builtins, wanted):
                return
            asked.add(wanted)
            for piece in _left(source):
                if binds_late(piece, wanted):
                    for read in sorted(piece.reads):
                        bring(read)
                    try:
                        for node in _parts(piece.node, source):
                            self._run(node, module, flags)
                    except Exception as error:
                        if isinstance(error, TooManyRounds):
                            _forget(piece.node, module)
                        failed[wanted] = error

        if not name.startswith("__"):
            bring(name)
        try:
            return vars(module)[name]
        except KeyError:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}") from None

    def _run(self, node: ast.stmt, module: ModuleType, flags: int) -> int:
        """Run a statement as the futures in `flags` demand, and return the flags of those that it is itself."""
        if _loops(node):
            vars(module)[_ROUND] = _counter()
            node = _limited(node)
        code: CodeType = compile(ast.Module([node], []), self.path, "exec", flags, dont_inherit=True)
        exec(code, vars(module))
        return int(code.co_flags & _FUTURES)

    def _added(self, node: ast.stmt, module: ModuleType, flags: int) -> bool:
        """Add a function to a class of the module if only the decorator that does so isn't here."""
        name = added_to(node) if isinstance(node, ast.FunctionDef) else None
        owner = vars(module).get(name) if name is not None else None
        if not isinstance(node, ast.FunctionDef) or not isinstance(owner, type):
            return False
        node.decorator_list = []
        self._run(node, module, flags)
        setattr(owner, node.name, vars(module)[node.name])
        return True

    def _unannotated(self, node: ast.stmt, module: ModuleType, flags: int, error: Exception) -> bool:
        """Run a definition again without its annotations, if a name in them may be of a package that isn't here."""
        if not isinstance(error, NameError) or not isinstance(node, Definition | ast.AnnAssign):
            return False
        try:
            self._run(node, module, flags | __future__.annotations.compiler_flag)
        except Exception:
            return False
        return True


class TooManyRounds(RuntimeError):
    """A loop of a cell goes on for too long to be run for the sake of a name."""


def _limited(node: Any) -> Any:
    """A copy of a syntax tree in which each loop outside of functions counts its rounds."""
    if isinstance(node, list):
        return [_limited(item) for item in node]
    if not isinstance(node, ast.AST) or isinstance(node, Definition | ast.Lambda):
        return node
    made = ast.copy_location(type(node)(**{name: _limited(value) for name, value in ast.iter_fields(node)}), node)
    if isinstance(made, ast.For | ast.While):
        call = ast.Expr(ast.Call(ast.Name(_ROUND, ast.Load()), [], []))
        made.body.insert(0, ast.fix_missing_locations(ast.copy_location(call, node)))
    return made


def _loops(node: ast.stmt) -> bool:
    return not isinstance(node, Definition) and any(isinstance(item, ast.For | ast.While) for item in ast.walk(node))


def _counter() -> Callable[[], None]:
    """Return what a loop calls in each round."""
    left = iter(range(ROUNDS))

    def count() -> None:
        if next(left, None) is None:
            raise TooManyRounds(f"this loop goes round more than {ROUNDS:,} times, so the grader doesn't finish it")

    return count


def _forget(node: ast.stmt, module: ModuleType) -> None:
    """Remove names whose values a loop hasn't finished: to lack them is better than to have wrong ones."""
    for name in binds_of(node):
        vars(module).pop(name, None)


def _parts(node: ast.stmt, source: str) -> list[ast.stmt]:
    """What runs of a statement: in cells, a guard for the main program is true, as it was in the kernel."""
    inside = in_text(node)
    if inside is None and HEADER in source:
        inside = in_main_guard(node)
    return [node] if inside is None else inside


def _written(source: str) -> Iterator[str]:
    """The modules that cells of a converted text write, whose code is part of that text."""
    if "%%writefile" in source or "%%file" in source:
        for line in source.split("\n"):
            name = written_by(line[len(WRITES) :]) if line.startswith(WRITES) else ""
            if name.isidentifier():
                yield name


@cache
def _left(source: str) -> tuple[Piece, ...]:
    """The statements that a converted text has as comments, with its lines; cells that aren't Python have none."""
    found: list[Piece] = []
    run: list[str] = []
    skipped = False
    for number, line in enumerate([*source.split("\n"), ""], 1):
        if line.startswith((HEADER, SKIPPED)):
            skipped = line.startswith(SKIPPED)
        told = line[len(LEFT) :] if line.startswith(LEFT) else line.partition(BESIDE)[2]
        if told and not skipped:
            run.append(told)
        elif run:
            found += _statements(run, number - 1 - len(run))
            run = []
    return tuple(found)


def _statements(lines: list[str], before: int) -> list[Piece]:
    """The statements of lines, whose place tells their number; a student's own comment above them may be none."""
    for start in range(min(len(lines), 5)):
        text = "\n" * (before + start) + "\n".join(lines[start:])
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return pieces_of(0, text, ast.parse(text))
    return []


_FUTURES = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})
