"""Notebooks in a reference: their solution regions taken out for students, and their code as the files that tests use.

A region is inside one cell, marked as in a .py file. A cell of text may have one too: an answer that a person grades.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from grader.assignment import Assignment
from grader.authoring.regions import regions
from grader.authoring.unsolved import strip_solution
from grader.errors import AssignmentError, UsageError
from grader.files import own_files
from grader.testing.cells.convert import convert_notebook
from grader.testing.cells.read import NotebookError, read_cells
from grader.testing.cells.syntax import NotPython, python_of
from grader.text import UNANSWERED

SUFFIX = ".ipynb"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_METADATA: Mapping[str, Any] = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def has_notebook(assignment: Assignment) -> bool:
    """Whether students get a notebook."""
    return any(assignment.reference.rglob(f"*{SUFFIX}"))


def targets(assignment: Assignment) -> list[str]:
    """Return the Python files that the assignment asks for by name and that the reference has as a notebook only."""
    return [
        name
        for name in assignment.submission.files
        if name.endswith(".py") and not set(name) & set("*?[") and not (assignment.reference / name).is_file()
    ]


def scripts_of(assignment: Assignment) -> Path:
    """Return the reference's folder; if it has a notebook, a copy in which Python files are in the notebook's place.

    Raises AssignmentError if the notebook can't be read.
    """
    notebooks = [file for name, file in own_files(assignment.reference).items() if name.endswith(SUFFIX)]
    if not notebooks:
        return assignment.reference
    if len(notebooks) > 1:
        raise AssignmentError(notebooks[1], None, "is a second notebook; a reference may have one")
    return _scripts(assignment.reference, notebooks[0], notebooks[0].read_bytes(), tuple(targets(assignment)))


@cache
def _scripts(reference: Path, notebook: Path, data: bytes, names: tuple[str, ...]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="reference-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, file in own_files(reference).items():
        if file != notebook:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / name)
    try:
        made = convert_notebook(data, notebook.name)
    except NotebookError as error:
        raise AssignmentError(notebook, None, str(error)) from None
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(made.text, "utf-8")
    return folder


def code_of(data: bytes) -> str:
    """Return all code of a notebook that is Python, to look for solutions in it."""
    found = []
    for cell in read_cells(data).cells:
        if cell.kind == "code":
            try:
                found.append(python_of(cell.source).text)
            except NotPython:
                found.append(cell.source)
    return "\n".join(found)


def without_solutions(assignment: Assignment, file: Path, text: str) -> tuple[str, int]:
    """Return the notebook that students get, and the number of regions that were taken out.

    It has no outputs, and each cell has an id that stays.

    Raises:
        AssignmentError: a region is wrong, or a part has no cell that checks it.
        UsageError: nbformat isn't installed.
    """
    try:
        content = json.loads(text)
        read_cells(text.encode())
    except ValueError as error:
        raise AssignmentError(file, None, f"isn't a notebook: {error}") from None
    except NotebookError as error:
        raise AssignmentError(file, None, str(error)) from None
    cells = []
    seen: set[str] = set()
    count = 0
    sources = []
    for number, cell in enumerate(content.get("cells", ()), 1):
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        is_code = cell["cell_type"] == "code"
        place = file.with_name(f"{file.name}, cell {number}{'.py' if is_code and _is_python(source) else '.md'}")
        found = regions(place, source)
        if found:
            count += len(found)
            source = strip_solution(place, source)
            if place.suffix == ".md":
                source = source.replace(UNANSWERED, "*Your answer:*")
        if is_code:
            sources.append(source)
        cells.append(cell_of(_id(cell, number, source, seen), cell["cell_type"], source))
    _demand_checks(assignment, file, sources)
    result = notebook_of(cells)
    _validate(file, result)
    return json.dumps(result, indent=1, ensure_ascii=False, sort_keys=True) + "\n", count


def notebook_of(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a notebook of these cells, as JSON has it."""
    return {"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}


def cell_of(key: str, kind: str, source: str) -> dict[str, Any]:
    """Return a cell without outputs; `key` is its id, and `kind` "code" or "markdown"."""
    cell: dict[str, Any] = {"cell_type": kind, "id": key, "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source.splitlines(keepends=True)}


def _is_python(source: str) -> bool:
    try:
        return python_of(source).text == source
    except NotPython:
        return False


def _id(cell: Mapping[str, Any], number: int, source: str, seen: set[str]) -> str:
    """The cell's own id, or one made from its place and text."""
    name = cell.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name) or name in seen:
        name = f"cell-{hashlib.sha256(f'{number} {source}'.encode()).hexdigest()[:8]}"
    seen.add(name)
    return name


def _demand_checks(assignment: Assignment, file: Path, sources: list[str]) -> None:
    code = "\n".join(sources)
    for part in assignment.parts:
        if part.points and not re.search(rf"""\bcheck\(["']{part.name}["']\)""", code):
            raise AssignmentError(
                file, None, f"no cell checks the part '{part.name}'; add a cell with: check(\"{part.name}\")"
            )


def _validate(file: Path, content: Mapping[str, Any]) -> None:
    try:
        import nbformat
    except ModuleNotFoundError:
        raise UsageError("a notebook for students is checked with nbformat; install it: pip install nbformat") from None
    try:
        nbformat.validate(content)
    except nbformat.ValidationError as error:
        raise AssignmentError(file, None, f"would be no valid notebook: {str(error).splitlines()[0]}") from None
