"""Reads in a module that `convert` made where a line comes from, and why a name isn't there.

It imports nothing else of the cells, because every grading imports it and few hand-ins have cells.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

END = "# The grader made this from "
"""The start of the last line; a name follows."""
HEADER = "#|=== "
"""Begins the line above a cell; its name follows. The line after it is empty, or says why the cell is skipped."""
LEFT = "#| "
"""Begins the lines of a statement that isn't kept."""
BESIDE = "  #|; "
"""In a line, before the statements of it that aren't kept, if others of it are."""
SKIPPED = "#|--- "
FAILED = "__grader_failed__"
"""The name in a module under which it keeps the exceptions of its statements, by the names that they would bind."""
_TAIL = 600


class Place(NamedTuple):
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
