"""Makes the text of a module out of a notebook's cells, or out of a script that was made from a notebook.

The text is the notebook: every cell in order below a line `#|=== cell 17`, what isn't kept as comments. So a line
of it tells its cell, and a person can read what was graded. `load` runs it statement by statement.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from grader.testing.cells.keep import Definition, Piece, added_to, defined_twice, definitions, kept_of, pieces_of
from grader.testing.cells.places import BESIDE, END, HEADER, LEFT, SKIPPED
from grader.testing.cells.read import Cell, Cells, NotebookError, read_cells
from grader.testing.cells.scripts import has_percent_cells, is_marked, marimo_cells, runs_more_than_it_defines
from grader.testing.cells.syntax import Code, NotPython, parsed, python_of, written_by

TEXT_BYTES = 2**20
"""The greatest size of a converted text."""
NOTES = 12
_CUDA = re.compile(r"cuda(:\d+)?")
_FROM_SCRIPT = re.compile(
    r"^# In\[(\d+| )?\]:|\A# Databricks notebook source$|\A(#!.*\n)?# ---\n# jupyter:$", re.MULTILINE
)
Known = Callable[[str], bool]
"""Whether a top-level package can be imported here."""


@dataclass(frozen=True)
class Converted:
    """A module made out of cells."""

    text: str
    notes: tuple[str, ...]
    """Sentences for the student."""
    names: frozenset[str]
    """The functions and classes that it defines."""
    shapes: frozenset[str]
    """What these look like, for a comparison with the handout."""


def convert_notebook(
    data: bytes, name: str, known: Known = lambda package: True, defined: Collection[str] | None = None
) -> Converted:
    """Convert a notebook file called `name`; raises NotebookError."""
    return convert_cells(read_cells(data), name, known, defined)


def convert_cells(
    cells: Cells, name: str, known: Known = lambda package: True, defined: Collection[str] | None = None
) -> Converted:
    """Convert cells that were read; names outside of `defined` aren't defined, if it is given.

    Then the cells are what a kernel has run, again and again: nothing is said about those that it refused, which their
    author saw, or that others came after.
    """
    code = [cell for cell in cells.cells if cell.kind == "code"]
    if not any(cell.source.strip() for cell in code) and not cells.language:
        raise NotebookError("has no code in it: was it saved? Hand in the notebook with your work")
    blocks = [_block(index, cell) for index, cell in enumerate(code)]
    pieces = [piece for block in blocks for piece in block.pieces]
    if cells.language and not any(isinstance(piece.node, Definition) for piece in pieces):
        raise NotebookError("is a notebook of another language than Python")
    kept = kept_of(pieces, defined)
    whole = [piece for piece, keep in zip(pieces, kept, strict=True) if keep]
    left = {id(piece.node) for piece, keep in zip(pieces, kept, strict=True) if not keep}
    lines = []
    for cell, block in zip(code, blocks, strict=True):
        lines.append(f"{HEADER}{cell.label}")
        lines += block.lines(left)
    text = "\n".join([*lines, f"{END}{_one_line(name)}", ""]).encode("utf-8", "replace").decode("utf-8")
    if len(text.encode("utf-8")) > TEXT_BYTES:
        raise NotebookError(f"has more than {TEXT_BYTES // 2**20} MiB of code; keep data in files, not in cells")
    saved = defined is None
    notes = list(cells.notes)
    if cells.language:
        notes.append(
            f"it says that its language is {_one_line(cells.language)[:20]}, but it defines functions or classes in "
            "Python, so it counts as a Python notebook; choose a Python kernel and save it again"
        )
    notes += [block.note for block in blocks if block.note and saved]
    notes += _notes(whole, code, blocks, known, saved=saved)
    return Converted(text, tuple(_limited(notes)), *_outline(whole, blocks))


def convert_script(data: bytes, name: str) -> Converted | None:
    """Convert a script that was made from a notebook; None if it is no such script and stays as it is.

    Its lines keep their numbers. A notebook under a script's name is converted as the notebook that it is.

    Raises:
        NotebookError: it is a notebook that can't be read.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return convert_notebook(data, name)
    try:
        source = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return None
    unsure = False
    try:
        tree = parsed(source)
    except NotPython:
        pass
    else:
        cells = marimo_cells(source, tree)
        if cells is not None:
            return convert_cells(cells, name)
        if not _FROM_SCRIPT.search(source) and not any(_calls_ipython(node) for node in tree.body):
            if not has_percent_cells(source):
                return None
            unsure = not is_marked(source)
    try:
        code = python_of(source)
    except NotPython:
        return None
    block = _checked(code, 0, source)
    kept = kept_of(block.pieces)
    whole = [piece for piece, keep in zip(block.pieces, kept, strict=True) if keep]
    dropped = [piece for piece, keep in zip(block.pieces, kept, strict=True) if not keep]
    if unsure and not runs_more_than_it_defines(dropped, whole):
        return None
    text = "\n".join([*block.lines({id(piece.node) for piece in dropped})[1:], f"{END}{_one_line(name)}", ""])
    return Converted(text, (), *_outline(whole, [block]))


def _calls_ipython(node: ast.stmt) -> bool:
    """Whether a statement of a module calls get_ipython() as nbconvert writes it."""
    if not isinstance(node, ast.Expr | ast.Assign):
        return False
    return any(isinstance(item, ast.Name) and item.id == "get_ipython" for item in ast.walk(node.value))


@dataclass(frozen=True)
class _Block:
    """A cell in the making."""

    text: str
    pieces: Sequence[Piece]
    note: str = ""
    reason: str = ""
    """Why the whole cell is skipped; empty if it isn't."""

    def lines(self, left: Collection[int]) -> list[str]:
        """The cell's lines, in which the statements with an id in `left` are comments."""
        lines = self.text.split("\n")
        if self.reason:
            return [f"{SKIPPED}{self.reason}", *(f"{LEFT}{line}" for line in lines)]
        dropped = [piece for piece in self.pieces if id(piece.node) in left]
        kept = {number for piece in self.pieces if id(piece.node) not in left for number in _span(piece)}
        beside: dict[int, list[str]] = {}
        for piece in reversed(dropped):  # from the end, so that columns stay
            if kept.isdisjoint(_span(piece)):
                for number in _span(piece):
                    if not lines[number - 1].startswith(LEFT):
                        lines[number - 1] = f"{LEFT}{lines[number - 1]}"
            else:
                _blank(lines, piece, kept, beside)
        open_ended = {number for piece in self.pieces if id(piece.node) not in left for number in _span(piece)[:-1]}
        for number, texts in beside.items():
            if number not in open_ended:
                lines[number - 1] += BESIDE + "; ".join(reversed(texts))
        return ["", *lines]


def _span(piece: Piece) -> range:
    return range(piece.first, piece.last + 1)


def _blank(lines: list[str], piece: Piece, kept: Collection[int], beside: dict[int, list[str]]) -> None:
    """Take a statement out of lines that it shares with others; what was in shared lines goes into `beside`."""
    node = piece.node
    for number in reversed(_span(piece)):
        raw = lines[number - 1].encode()
        begin = node.col_offset if number == piece.first else 0
        end = (node.end_col_offset or 0) if number == piece.last else len(raw)
        if number not in kept:
            lines[number - 1] = f"{LEFT}{lines[number - 1].removeprefix(LEFT)}"
            continue
        shared = number == piece.last or piece.last not in kept
        beside.setdefault(number, []).append(raw[begin:end].decode("utf-8", "replace"))
        lines[number - 1] = (raw[:begin] + (b"pass" if shared else b"") + raw[end:]).decode("utf-8", "replace")


def _block(index: int, cell: Cell) -> _Block:
    try:
        code = python_of(cell.source)
    except NotPython as error:
        conflict = re.search(r"^(<<<<<<<|>>>>>>>) ", cell.source, re.MULTILINE)
        why = "it has git's conflict marks" if conflict else error.reason
        line = cell.source[: conflict.start()].count("\n") + 1 if conflict else error.line
        note = f"{cell.label} isn't Python (line {line}: {why}), so nothing of it counts"
        return _Block(_printable(cell.source), (), note, _one_line(f"line {line}: {why}"))
    if code.dropped:
        note = ""
        if re.search(r"^[ \t]*(def|class)\s", cell.source, re.MULTILINE):
            note = f"{cell.label} begins with {code.dropped}, so nothing of it counts"
        return _Block(_printable(code.text), (), note)
    return _checked(code, index, cell.source, cell.label)


def _checked(code: Code, index: int, source: str, label: str = "it") -> _Block:
    """The statements of a cell; a cell that Python can't compile is skipped."""
    try:
        return _Block(code.text, pieces_of(index, code.text, code.tree))
    except SyntaxError as error:
        line, reason = error.lineno or 1, error.msg
    except (RecursionError, MemoryError, ValueError):
        line, reason = 1, "it is nested too deeply"
    note = f"{label} isn't Python (line {line}: {reason}), so nothing of it counts"
    return _Block(_printable(source), (), note, _one_line(f"line {line}: {reason}"))


def _run_by(cell: Cell, block: _Block) -> str:
    """The first file that a cell runs with IPython's `%run`; empty if it runs none."""
    for line, left in zip(cell.source.split("\n"), block.text.split("\n"), strict=False):
        words = line.split() if "%run" in line and left.strip() in ("pass", "") else []
        files = [word for word in words[1:] if not word.startswith("-")] if words[:1] == ["%run"] else []
        if files:
            return _one_line(files[0].strip("'\""))[:60]
    return ""


def _written(cell: Cell) -> str:
    """The module that a cell writes into a file, whose code counts as the notebook's own; empty if it writes none."""
    return written_by(cell.source.lstrip().partition("\n")[0])


def _notes(
    whole: Sequence[Piece], code: Sequence[Cell], blocks: Sequence[_Block], known: Known, *, saved: bool
) -> list[str]:
    """Sentences about what may surprise: imports that aren't here, what needs them, two definitions, cuda."""
    notes = []
    absent: dict[str, str] = {}
    written = {_written(cell) for cell in code}
    for piece in whole:
        label = code[piece.cell].label
        for package in imported(piece.node):
            if not known(package) and package not in written:
                notes.append(f"{label} imports {package}, which isn't installed here; the rest went on without it")
                absent.update(dict.fromkeys(piece.binds, package))
        for item in definitions(piece.node):
            needed = [*item.decorator_list, *(item.bases if isinstance(item, ast.ClassDef) else [])]
            names = {inner.id for node in needed for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            lost = sorted(names & absent.keys())
            if lost and not _adds_to_class(item):
                notes.append(f"{label}: {item.name} needs {absent[lost[0]]}, so it isn't defined here")
    for cell, block in zip(code, blocks, strict=True):
        file = _run_by(cell, block) if saved else ""
        if file:
            notes.append(f"{cell.label} runs {file} by %run, which isn't done here: define in the notebook what counts")
    for name, cells in defined_twice(whole).items() if saved else ():
        labels = list(dict.fromkeys(code[cell].label for cell in cells))
        if len(labels) > 1:
            places = ", ".join(labels[:-1]) + f" and {labels[-1]}"
            notes.append(f"{name} is defined in {places}; the one in {labels[-1]} counts")
    for piece in whole:
        text = blocks[piece.cell].text
        line = _asks_for_cuda(piece.node) if "cuda" in text and "is_available" not in text else 0
        if line:
            where = f"{code[piece.cell].label}, line {line}"
            notes.append(f"{where} asks for cuda, and the grader has no GPU: use the device of the input, or 'cpu'")
            break
    return list(dict.fromkeys(notes))


def imported(node: ast.stmt) -> list[str]:
    """Return the top-level packages that a statement imports."""
    if isinstance(node, ast.Import):
        return list(dict.fromkeys(alias.name.partition(".")[0] for alias in node.names))
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return [node.module.partition(".")[0]]
    return []


def _adds_to_class(item: Definition) -> bool:
    return isinstance(item, ast.FunctionDef) and added_to(item) is not None


def _asks_for_cuda(node: ast.stmt) -> int:
    """The first line that names the GPU; 0 if none does."""
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and _CUDA.fullmatch(item.value):
            return item.lineno
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "cuda":
            return item.lineno
    return 0


def _outline(whole: Sequence[Piece], blocks: Sequence[_Block]) -> tuple[frozenset[str], frozenset[str]]:
    names, shapes = set(), set()
    lines: dict[int, list[str]] = {}
    for piece in whole:
        text = lines.setdefault(piece.cell, blocks[piece.cell].text.split("\n"))
        for item in definitions(piece.node):
            names.add(item.name)
            shapes.add(shape_of(text, item))
    return frozenset(names), frozenset(shapes)


def shape_of(lines: Sequence[str], node: Definition) -> str:
    """Return a definition's text without its layout, to compare it with the handout's."""
    return " ".join(" ".join(lines[node.lineno - 1 : node.end_lineno]).split())


def _printable(text: str) -> str:
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _one_line(text: str) -> str:
    return " ".join(_printable(text).split())


def _limited(notes: list[str]) -> list[str]:
    more = len(notes) - NOTES
    return [*notes[:NOTES], *([f"({more} more sentences about the notebook)"] if more > 0 else [])]
