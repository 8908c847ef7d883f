"""Recognises scripts that are notebooks in another form: cells below `# %%`, and marimo's.

A script with `# %%` is often an ordinary module, whose editor shows it in cells. It is taken for a notebook only if it
says so, or if it runs something that no definition needs, as training does; otherwise it runs whole.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence

from grader.testing.cells.keep import Definition, Piece, is_heavy
from grader.testing.cells.read import Cell, Cells

_PERCENT = re.compile(r"^# ?%%|^# \+[ \t]*(?:$|\[|\{|tags=)", re.MULTILINE)
_MARKED = re.compile(
    r"^# ?%% *(\[(markdown|md|raw)\]|markdown\b)|\A(#!.*\n)?# ---\n# jupyter:|^# To add a new cell,", re.MULTILINE
)
"""Cells of text, and the first lines that jupytext and VS Code write."""


def has_percent_cells(source: str) -> bool:
    """Whether a script has two cells or more that begin with `# %%`, or with jupytext's `# +`."""
    return len(_PERCENT.findall(source)) > 1


def is_marked(source: str) -> bool:
    """Whether such a script says that it is a notebook."""
    return _MARKED.search(source) is not None


def runs_more_than_it_defines(dropped: Sequence[Piece], kept: Sequence[Piece]) -> bool:
    """Whether what a conversion leaves out of a script loops, trains or fetches, and changes nothing that stays."""
    nodes = [piece.node for piece in dropped if not _is_guard_of_script(piece.node)]
    loops = (ast.For, ast.While, ast.AsyncFor)
    runs = any(is_heavy(node) or any(isinstance(item, loops) for item in ast.walk(node)) for node in nodes)
    imported = {name for piece in kept if isinstance(piece.node, ast.Import | ast.ImportFrom) for name in piece.binds}
    needed = {name for piece in kept for name in piece.reads} - imported
    return runs and needed.isdisjoint(name for node in nodes for name in _may_change(node))


def _is_guard_of_script(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _may_change(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds, sets parts of, or calls methods of."""
    for item in ast.walk(node):
        if isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load):
            yield item.id
        elif isinstance(item, ast.Attribute | ast.Subscript) and not isinstance(item.ctx, ast.Load):
            yield from _base(item)
        elif isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute):
            yield from _base(item.func)


def _base(node: ast.expr) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def marimo_cells(source: str, tree: ast.Module) -> Cells | None:
    """Return the cells of a marimo notebook; None if it is none.

    They are the bodies of functions with `@app.cell`, without the last `return`. The file's own functions and classes,
    which marimo writes for cells that hold nothing else, are cells, too.
    """
    if not any(
        isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("marimo.App(") for node in tree.body
    ):
        return None
    lines = source.split("\n")
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_of_app(node, "cell"):
            body = node.body[:-1] if isinstance(node.body[-1], ast.Return) else node.body
            first = _first_line(node.body[0]) - 1
            end = body[-1].end_lineno if body else first
            found.append(textwrap.dedent("\n".join(lines[first:end])))
        elif isinstance(node, Definition):
            found.append("\n".join(lines[node.lineno - 1 : node.end_lineno]))
        elif isinstance(node, ast.With) and ast.unparse(node.items[0].context_expr) == "app.setup":
            found.append(textwrap.dedent("\n".join(lines[node.body[0].lineno - 1 : node.end_lineno])))
    return Cells(tuple(Cell(number, "code", text) for number, text in enumerate(found, 1)))


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, Definition) else []
    return min([node.lineno, *(item.lineno for item in decorators)])


def _is_of_app(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    called = (item.func if isinstance(item, ast.Call) else item for item in node.decorator_list)
    return any(ast.unparse(item) == f"app.{name}" for item in called)
