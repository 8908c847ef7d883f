"""Python source text beside its syntax tree: lines, positions, functions.

Python ends a line only at `\\n`, `\\r\\n` and `\\r`. `str.splitlines` also ends a line at a form feed, U+2028 and
others, so its lines don't match `lineno`. `col_offset` counts bytes of UTF-8, not characters.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from grader.errors import AssignmentError

_END = re.compile("\r\n|\r|\n")
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def read_source(file: Path) -> str:
    """Return the text of a Python file with `\\n` at the end of each line; raises AssignmentError if it isn't UTF-8."""
    data = file.read_bytes()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if encoding not in ("utf-8", "utf-8-sig"):
            raise AssignmentError(file, 1, f"is written in {encoding}; save it as UTF-8")
        return _END.sub("\n", data.decode(encoding))
    except (SyntaxError, UnicodeDecodeError):
        raise AssignmentError(file, None, "isn't UTF-8 text; save it as UTF-8") from None


def parse(file: Path, text: str) -> ast.Module:
    """Return the syntax tree; raises AssignmentError with the line of the syntax error."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise AssignmentError(file, error.lineno, f"doesn't parse: {error.msg}") from None


def source_lines(text: str) -> list[str]:
    """Return the lines without their ends: item `lineno - 1` is the line of a node."""
    return _END.split(text)


def first_line(node: FunctionNode) -> int:
    """Return a function's first line as Python counts it: that of the first decorator, if there is one."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


class Positions:
    """Turns a node's line and column into places in the text, counted in characters."""

    def __init__(self, text: str) -> None:
        """Use `text`, from which the tree was parsed."""
        self.text = text
        self._starts = [0, *(match.end() for match in _END.finditer(text)), len(text)]

    def place(self, line: int, column: int) -> int:
        """Return the index in the text of a line, counted from 1, and a column in bytes."""
        start = self._starts[line - 1]
        return start + len(self.text[start : self._starts[line]].encode("utf-8")[:column].decode("utf-8"))

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """Return where a node begins and ends; decorators aren't a part of it."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.place(node.lineno, node.col_offset), self.place(node.end_lineno, node.end_col_offset)

    def whole_span(self, node: ast.stmt) -> tuple[int, int]:
        """Return where a statement begins and ends, with its decorators."""
        start, end = self.span(node)
        decorators = getattr(node, "decorator_list", [])
        if decorators:
            # the node begins after the @, in parentheses perhaps on a later line
            start = self.text.rindex("@", 0, self.span(decorators[0])[0])
            while self.text[self._line_start(start) : start].strip():
                start = self.text.rindex("@", 0, start)
        return start, end

    def source(self, node: ast.expr | ast.stmt) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def _line_start(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1


def bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements directly below a node: of a module or class, and all branches of if, try, with."""
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list) and body:
            yield body
    for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
        yield part.body


def functions(tree: ast.Module) -> Iterator[tuple[str, FunctionNode]]:
    """Every function with its qualified name, outer before inner."""

    def visit(node: ast.AST, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + child.name, child
                yield from visit(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.ClassDef):
                yield from visit(child, f"{prefix}{child.name}.")
            else:
                yield from visit(child, prefix)

    return visit(tree, "")
