"""Converts what a hand-in has of notebooks; runs in a jailed child before any test, and runs no student code."""

from __future__ import annotations

import ast
import gc
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.testing.absent import DRAWING, PROGRESS
from grader.testing.cells.answers import answers_of
from grader.testing.cells.convert import Converted, convert_cells, convert_script, shape_of
from grader.testing.cells.keep import Definition
from grader.testing.cells.read import NotebookError, read_cells
from grader.testing.check import Check
from grader.testing.submission import Submission


@dataclass(frozen=True)
class _Template:
    shapes: set[str] = field(default_factory=set)
    notebook: bytes | None = None


def convert_all(file: Path, submission: Submission, check: Check) -> None:
    """Do what the request in `file` says (see `sandbox.protocol`); `check` sends the texts and sentences."""
    gc.disable()  # this process ends soon, and looking for cycles in syntax trees takes longer than making them
    asked = json.loads(file.read_text("utf-8"))
    root = submission._root
    template = _template(asked["template"])

    def known(package: str) -> bool:
        if package in DRAWING or package == PROGRESS or package in submission.own_modules():
            return True
        try:
            return importlib.util.find_spec(package) is not None
        except (ImportError, ValueError):
            return True

    for number, entry in enumerate(asked["notebooks"]):
        try:
            cells = read_cells((root / entry["file"]).read_bytes())
            made = convert_cells(cells, entry["name"], known)
        except NotebookError as error:
            check(f"refused notebook {number}", str(error))
            continue
        notes = list(made.notes)
        if template.shapes and made.shapes and made.shapes <= template.shapes:
            notes.append("it is the unchanged handout: was your work saved?")
        if not entry["instead"] or _defines_more(made, [root / target for target in entry["targets"]]):
            check(f"text of notebook {number}", made.text)
            check(f"answers of notebook {number}", answers_of(cells.cells, template.notebook))
            check(f"notes on notebook {number}", "\n".join(notes))
    for number, name in enumerate(asked["scripts"]):
        try:
            script = convert_script((root / name).read_bytes(), name)
        except NotebookError as error:
            check(f"refused script {number}", str(error))
            continue
        if script is not None:
            check(f"text of script {number}", script.text)
            check(f"notes on script {number}", "\n".join(script.notes))


def _template(texts: Sequence[str]) -> _Template:
    """The names that the template defines, and its notebook if it has one."""
    shapes: set[str] = set()
    notebook = None
    for text in texts:
        try:
            if text.lstrip().startswith("{"):
                notebook = text.encode()
                shapes |= convert_cells(read_cells(notebook), "").shapes
            else:
                shapes |= _shapes(text)
        except (NotebookError, SyntaxError):
            continue
    return _Template(shapes, notebook)


def _shapes(text: str) -> set[str]:
    """The definitions of a Python file; raises what ast.parse raises."""
    lines = text.replace("\r\n", "\n").split("\n")
    return {shape_of(lines, node) for node in ast.parse(text).body if isinstance(node, Definition)}


def _defines_more(made: Converted, files: Sequence[Path]) -> bool:
    """Whether a notebook defines something of these files, and not as they do."""
    for file in files:
        try:
            text = file.read_bytes().decode("utf-8-sig")
            nodes = [node for node in ast.parse(text).body if isinstance(node, Definition)]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return True
        if made.names & {node.name for node in nodes} and not made.shapes <= _shapes(text):
            return True
    return False
