"""Loads a module that `convert` made: each statement alone, so that one that fails costs only what it binds.

It also says which cell a line of such a module comes from.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from grader.testing.cells.convert import BESIDE, END, HEADER, LEFT, SKIPPED
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
from grader.testing.cells.syntax import WRITES, written_by
from grader.testing.compiled import CompiledOnce

FAILED = "__grader_failed__"
"""The name in a module under which it keeps the exceptions of its statements, by the names that they would bind."""
_ROUND = "__grader_round__"
_TAIL = 600
ROUNDS = 100_000
"""How often the loops that one statement of a notebook's cells has may go round, all together."""


@dataclass(frozen=True)
class Place:
    """Where a line of a converted module comes from."""

    file: str
    """The name of the notebook or script."""
    cell: str
    """The cell's name; empty for a script."""
    line: int
    """The line in the cell or in the script."""

    def __str__(self) -> str:
        return f"{self.file}, {self.cell}, line {self.line}" if self.cell else f"{self.file}, line {self.line}"


def origin(file: str | Path) -> str:
    """Return the name of what a module was made from; empty if `convert` didn't make it."""
    try:
        with open(file, "rb", buffering=0) as stream:
            stream.seek(max(os.fstat(stream.fileno()).st_size - _TAIL, 0))
            tail = stream.read()
    except OSError:
        return ""
    last = tail.rstrip(b"\n").rpartition(b"\n")[2].decode("utf-8", "replace")
    return last[len(END) :] if last.startswith(END) else ""


def place(file: Path, line: int) -> Place | None:
    """Return where a line comes from; None if `convert` didn't make the file."""
    name = origin(file)
    if not name:
        return None
    lines = file.read_text("utf-8", "replace").split("\n")
    for number in range(min(line, len(lines)), 0, -1):
        text = lines[number - 1]
        if text.startswith(HEADER):
            return Place(name, text[len(HEADER) :], line - number - 1)
    return Place(name, "", line)


MODULE = "notebook_cells"
"""The module of a notebook that holds several files."""


def aliased(file: Path) -> str | None:
    """Return the module whose alias a file is, for a notebook that holds several files' names; else None."""
    try:
        found = _ALIAS.fullmatch(file.read_text("utf-8")) if file.stat().st_size < 200 else None
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found else None


def alias_text(module: str) -> str:
    """Return the text of a module that is another one under its own name."""
    return f"import sys\n\nimport {module}\n\nsys.modules[__name__] = {module}\n"


_ALIAS = re.compile(re.escape(alias_text("X")).replace("X", r"(\w+)", 1).replace("X", r"\1"))


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


def loaded(spec: ModuleSpec | None) -> ModuleSpec | None:
    """Return a module's spec with the loader for cells, if `convert` made the module."""
    if spec is None or not isinstance(spec.loader, SourceFileLoader) or not isinstance(spec.origin, str):
        return spec
    if origin(spec.origin):
        spec.loader = CellLoader(spec.loader.name, spec.loader.path)
        spec.cached = None
    elif type(spec.loader) is SourceFileLoader:
        spec.loader = CompiledOnce(spec.loader.name, spec.loader.path)
    return spec


def reason_for(module: ModuleType, name: str) -> BaseException | None:
    """Return why a module made from cells lacks a name: its statement failed, or its cell isn't Python."""
    failed = vars(module).get(FAILED)
    if not isinstance(failed, dict):
        return None
    if name in failed:
        error = failed[name]
        return error if isinstance(error, BaseException) else None
    file = Path(module.__file__ or "")
    lines = file.read_text("utf-8", "replace").split("\n")
    wanted = re.compile(rf"#\| ?\s*((class|def|async def)\s+{re.escape(name)}\b|{re.escape(name)}\s*=)")
    reason, start = "", 0
    for number, line in enumerate(lines, 1):
        if line.startswith(SKIPPED):
            reason, start = line[len(SKIPPED) :], number
        elif line.startswith(HEADER):
            reason = ""
        elif reason and wanted.match(line):
            told = re.fullmatch(r"line (\d+): (.*)", reason)
            at = start + int(told[1]) if told else number
            text = lines[at - 1][3:] if at <= len(lines) else ""
            return SyntaxError(told[2] if told else reason, (str(file), at, None, text))
    return None


def is_of_kernel(error: NameError) -> bool:
    """Whether a NameError in a notebook misses what IPython keeps of earlier cells: `_`, `Out`, `_12`, `In`."""
    return FAILED in _space(error) and re.fullmatch(r"_{1,3}|_i{1,3}|_i?\d+|In|Out", str(error.name)) is not None


def _space(error: NameError) -> dict[str, Any]:
    """The names of the module whose code raised a NameError."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_globals if trace is not None else {}


def left_out(error: NameError) -> Place | None:
    """Return where a notebook gives a value to the name that a NameError misses, in a statement that isn't kept."""
    space = _space(error)
    file = space.get("__file__")
    if FAILED not in space or not isinstance(file, str) or not isinstance(error.name, str):
        return None
    name = re.escape(error.name)
    before = r"(?:.*(?:[\s,(;'\"]|\\n))?"  # a text for exec may begin or break a line there
    binds = re.compile(rf"#\| {before}(?:{name}\s*(?:,[^=]*)?(?::[^=]*)?=(?!=)|(?:for|as) (?:.*\W)?{name}\b)")
    try:
        lines = Path(file).read_text("utf-8", "replace").split("\n")
    except OSError:
        return None
    for number, line in enumerate(lines, 1):
        if binds.match(line):
            return place(Path(file), number)
    return None


def undefined(error: NameError) -> BaseException | None:
    """Return the failure of the statement that would have bound the name which a NameError misses."""
    failed = _space(error).get(FAILED)
    found = failed.get(error.name) if isinstance(failed, dict) else None
    return found if isinstance(found, BaseException) and found is not error else None
