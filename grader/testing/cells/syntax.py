"""Takes IPython's syntax out of a cell: magics, shell lines, help, prompts. Python stays as it is.

Python's own parser decides whether a cell is Python. Only where it isn't, the lines that begin a statement are looked
at, so that a % in an expression or in a text is never touched. Every line keeps its number.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

_PROMPTS = (
    (re.compile(r"^>>>( |$)"), re.compile(r"^(>>>|\.\.\.)( |$)")),
    (re.compile(r"^\s*(In \[\d+\]: ?|\.{3,}: ?)"), re.compile(r"^\s*(In \[\d+\]: ?|\.{3,}: ?)")),
)
"""How the first line of a copied session begins, and how each line of it does."""
_CELL_MAGIC = re.compile(r"%%(\w[\w.]*)?[ \t]*(.*)")
RUNS_BODY = frozenset({"time", "capture", "prun", "memit", "mprun"})
"""Cell magics whose body is run as the cell would be."""
_FILE_MAGICS = frozenset({"writefile", "file"})
WRITES = "# "
"""What a cell begins with that writes a module, before the magic's own line."""
_TIME = re.compile(r"%time\s+(.+)")
_COMMAND = re.compile(r"[%!?]|[,;/](?=[A-Za-z_])")
_MARKED = re.compile(r"[!%](?!time\b|%).*(?<!\\)$")
"""A command of one line that holds no Python."""
_ASSIGNED = re.compile(r"\A([^=!%#'\"()]+?=)\s*[!%](?!=)")
_HELP = re.compile(r"[\w*\]]\?{1,2}$")
_SHELL = re.compile(
    r"(pip3?|conda|mamba|apt|apt-get|sudo|cd|ls|cp|mv|rm|cat|mkdir|rmdir|wget|curl|git|unzip|gunzip|tar|python3?|nvidia-smi)"
    r"(\s|$)"
)
"""Commands that IPython's automagic, or a habit, lets people write without a mark."""
_TOKEN = re.compile(r"'''|\"\"\"|['\"#()\[\]{}]|\\$")
_ENDS = {quote: re.compile(rf"(?:[^\\]|\\.)*?{quote}", re.DOTALL) for quote in ("'''", '"""', "'", '"')}


class NotPython(Exception):
    """A cell isn't Python, not even without IPython's syntax."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class Code:
    """A cell that is Python: its text, as many lines as it had, and its syntax tree."""

    text: str
    tree: ast.Module
    dropped: str = ""
    """The cell magic that takes the whole cell away; empty if nothing does."""


def python_of(source: str) -> Code:
    """Return a cell's Python; raises NotPython."""
    code = _with_marked_lines(source)
    if code is not None:
        return code
    try:
        return Code(source, parsed(source))
    except NotPython as error:
        first = error
    text, dropped = _without_cell_magic(source)
    if dropped:
        return Code(text, ast.Module([], []), dropped)
    text = _without_prompts(text)
    text = _without_indent(text)
    for bare in (False, True):
        text = _without_commands(text, bare=bare)
        try:
            return Code(text, parsed(text))
        except NotPython as error:
            first = error if text != source else first
    raise first


def _with_marked_lines(source: str) -> Code | None:
    """The cell without its lines that begin with ! or %; None unless it is certain that each is a command.

    It is, if the line may hold a statement: no statement of Python begins so. That spares the parser its search for
    the error, which takes longer than parsing.
    """
    lines = source.split("\n")
    marked = [number for number, line in enumerate(lines) if _MARKED.match(line)]
    if not marked:
        return None
    for number in marked:
        lines[number] = "pass"
    text = "\n".join(lines)
    try:
        code = Code(text, parsed(text))
    except NotPython:
        return None
    statements = {node.lineno for node in code.tree.body if isinstance(node, ast.Pass)}
    return code if statements.issuperset(number + 1 for number in marked) else None


def parsed(text: str) -> ast.Module:
    """Return the syntax tree; raises NotPython for all that Python's parser refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise NotPython(error.lineno or 1, error.msg) from None
    except UnicodeError:
        raise NotPython(1, "it has half a character in it, which no file can hold") from None
    except ValueError:
        raise NotPython(1, "it has a character in it that no source may have") from None
    except (RecursionError, MemoryError):
        raise NotPython(1, "it is nested too deeply") from None


def _without_cell_magic(source: str) -> tuple[str, str]:
    """The cell without its `%%` line, and the magic's name if the rest isn't Python of this notebook."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        magic = _CELL_MAGIC.match(bare)
        if magic is None:
            break
        name, argument = magic[1] or "", magic[2]
        lines[number] = f"{WRITES}{bare}" if name in _FILE_MAGICS else ""
        if name in RUNS_BODY or (name in _FILE_MAGICS and argument.strip().endswith(".py")):
            inner, dropped = _without_cell_magic("\n".join(lines))
            return inner, dropped
        return "\n".join(f"# {line}" for line in source.split("\n")), f"%%{name}"
    return source, ""


def written_by(line: str) -> str:
    """Return the name of the module that a cell with this first line writes; empty if it writes none."""
    words = line.split()
    magic = words[0].removeprefix("%%") if len(words) > 1 and words[0].startswith("%%") else ""
    file = PurePosixPath(words[-1]) if magic in _FILE_MAGICS else None
    return file.stem if file is not None and file.suffix == ".py" else ""


def _without_prompts(source: str) -> str:
    lines = source.split("\n")
    filled = [line for line in lines if line.strip()]
    for first, each in _PROMPTS:
        if filled and (first.match(filled[0]) or (len(filled) > 1 and each.match(filled[1]))):
            return "\n".join(each.sub("", line, count=1) for line in lines)
    return source


def _without_indent(source: str) -> str:
    """The same without the first statement's indentation, which a copied cell may have."""
    lines = source.split("\n")
    first = next((line for line in lines if line.strip() and not line.strip().startswith("#")), "")
    indent = first[: len(first) - len(first.lstrip())]
    return "\n".join(line.removeprefix(indent) for line in lines) if indent else source


def _without_commands(source: str, *, bare: bool) -> str:
    """The same with `pass`, or an empty list, for every command; `bare` also for shell commands without a mark."""
    lines = source.split("\n")
    for start, end in _logical_lines(lines):
        line = lines[start]
        body = line.strip()
        indent = line[: len(line) - len(line.lstrip())]
        new = None
        if _COMMAND.match(body):
            timed = _TIME.match(body)
            new = timed[1] if timed and start == end and _is_python(timed[1]) else "pass"
        elif assigned := _ASSIGNED.match(body):
            new = f"{assigned[1]} []"
        elif ("#" not in body and _HELP.search(body)) or (bare and _SHELL.match(body) and not _is_python(body)):
            new = "pass"
        if new is not None:
            lines[start : end + 1] = [indent + new, *[""] * (end - start)]
    return "\n".join(lines)


def _is_python(text: str) -> bool:
    try:
        parsed(text)
    except NotPython:
        return False
    return True


def _logical_lines(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last index of each logical line: brackets, texts over several lines and backslashes continue one."""
    number = 0
    while number < len(lines):
        start = number
        body = lines[number].strip()
        if _COMMAND.match(body) or _ASSIGNED.match(body) or body.endswith("?") or _SHELL.match(body):
            # a shell's quotes and brackets aren't Python's
            while lines[number].endswith("\\") and number + 1 < len(lines):
                number += 1
        else:
            number = _end_of(lines, number)
        yield start, number
        number += 1


def _end_of(lines: list[str], number: int) -> int:
    """The last line of the logical line that begins here."""
    depth = 0
    place = 0
    while number < len(lines):
        line = lines[number]
        token = _TOKEN.search(line, place)
        if token is None or token[0] == "#":
            if depth <= 0:
                return number
            number, place = number + 1, 0
        elif token[0] == "\\":
            number, place = number + 1, 0
        elif token[0] in _ENDS:
            number, place = _after_text(lines, number, token.end(), token[0])
        else:
            depth += 1 if token[0] in "([{" else -1
            place = token.end()
    return len(lines) - 1


def _after_text(lines: list[str], number: int, place: int, quote: str) -> tuple[int, int]:
    """Line and column after a text that begins here."""
    while number < len(lines):
        end = _ENDS[quote].match(lines[number], place)
        if end is not None:
            return number, end.end()
        if len(quote) == 1 and not lines[number].endswith("\\"):
            return number, len(lines[number])  # it isn't closed
        number, place = number + 1, 0
    return number, 0
