"""Traits that the text of a suite or of a hand-in shows before anything runs: torch, programs, imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from grader.assignment import SubmissionSpec
from grader.errors import SubmissionError
from grader.intake.take import read_hand_in

DEPTH = 8
"""The most folders above a file of a hand-in."""
ANY_FILES = SubmissionSpec(tuple("/".join("*" * depth) for depth in range(1, DEPTH + 1)), path=())
"""A hand-in of any files."""
_IMPORT = rb"(?:import[ \t]+(?:\w[\w. \t]*,[ \t]*)*|from[ \t]+)"
"""Before a module's name in an import, also where it isn't the first one."""
_TORCH = re.compile(rb"^[ \t]*" + _IMPORT + rb"torch\b", re.MULTILINE)
_TORCH_CELL = re.compile(rb'(?:"|\\n)[ \t]*' + _IMPORT + rb"torch\b")
"""In a notebook's JSON, a line of a cell begins after a quotation mark or an escaped line end."""
_REACHES_OUT = re.compile(
    rb"\b(?:importlib|__import__|runpy|exec|eval|open|compile|globals|sys|os|pathlib|Path|glob|subprocess|inspect|ctypes)\b"
)
"""Names by which a file can find a hand-in without importing it."""
_PROGRAMS = re.compile(
    rb"(?:^|;)[ \t]*" + _IMPORT + rb"(?:torch\.)?(?:subprocess|multiprocessing|pexpect|pty|wrapt_timeout_decorator)\b"
    rb"|\bos\.(?:system|popen|fork|spawn|exec|posix_spawn)|\bProcessPoolExecutor\b|\buse_signals\s*=\s*False",
    re.MULTILINE,
)


def uses_torch(suite: Path) -> bool:
    """Whether a file of a suite imports torch."""
    return any(_TORCH.search(file.read_bytes()) for file in suite.rglob("*.py") if file.is_file())


def hand_in_uses_torch(source: Path, ignored: Collection[str]) -> bool:
    """Whether a file of a hand-in imports torch; False if the hand-in can't be read."""
    try:
        files = read_hand_in(source, ANY_FILES, ignored=ignored)
        return any(
            (name.endswith(".py") and _TORCH.search(data)) or (name.endswith(".ipynb") and _TORCH_CELL.search(data))
            for name, data in files
        )
    except SubmissionError:
        return False  # intake tells the student the same


def starts_programs(files: Iterable[Path]) -> bool:
    """Whether one of a suite's files starts programs, so that students' code may have to as well."""
    return any(_PROGRAMS.search(file.read_bytes()) for file in files)


def needs_no_hand_in(suite: Path, name: str) -> bool:
    """Whether a file of tests imports installed packages alone, and opens and evaluates nothing."""
    file = suite / name
    if not file.is_file() or _REACHES_OUT.search(file.read_bytes()):
        return False
    nodes = _imports(file)
    if nodes is None or any(isinstance(node, ast.ImportFrom) and node.level for node in nodes):
        return False
    own = _modules_of(suite)
    return all(module not in own and find_spec(module) is not None for module in _packages(nodes))


def imported(suite: Path) -> tuple[str, ...]:
    """Return the modules that a suite imports and that neither it nor this machine has: those of the hand-in."""
    found = dict.fromkeys(name for file in sorted(suite.rglob("*.py")) for name in _packages(_imports(file) or []))
    own = _modules_of(suite)
    return tuple(name for name in found if name not in own and find_spec(name) is None)


def importable_name(suite: Path) -> str:
    """The folder's own name where files in it use it: in an import, or at the front of a path."""
    name = suite.name
    if not name.isidentifier():
        return ""
    used = re.compile(rb"(?:import|from)\s+" + name.encode() + rb"\b|[\"']" + name.encode() + rb"/")
    package = (suite / "__init__.py").is_file()
    return name if package or any(used.search(file.read_bytes()) for file in suite.rglob("*.py")) else ""


def _imports(file: Path) -> list[ast.Import | ast.ImportFrom] | None:
    """The import statements of a file, also those inside functions; None if it can't be parsed."""
    try:
        nodes = ast.walk(ast.parse(file.read_bytes()))
    except (SyntaxError, ValueError):
        return None
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def _packages(nodes: Iterable[ast.Import | ast.ImportFrom]) -> Iterator[str]:
    """The top-level names that statements import, without relative ones."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif node.module and not node.level:
            yield node.module.partition(".")[0]


def _modules_of(suite: Path) -> set[str]:
    """The names of a suite's own modules and folders."""
    return {part for file in suite.rglob("*.py") for part in file.relative_to(suite).with_suffix("").parts}
