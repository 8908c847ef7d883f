"""A student's notebook, or what a kernel has run, laid out as the modules that the tests import; on the student's side.

    folder with hw3.ipynb --convert--> temporary folder with mlp.py, dropout.py

Grading does the same in a jailed child; see `grader.conversion`.
"""

from __future__ import annotations

import ast
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.assignment import SubmissionSpec
from grader.errors import UsageError
from grader.testing.cells.convert import Converted, convert_notebook
from grader.testing.cells.places import MODULE, alias_text
from grader.testing.cells.read import NotebookError


@dataclass(frozen=True)
class Modules:
    """A folder that the tests can import from."""

    folder: Path
    notes: tuple[str, ...] = ()


@contextmanager
def as_modules(folder: Path, spec: SubmissionSpec, required: Sequence[str]) -> Iterator[Modules]:
    """The folder itself if it has every Python file; otherwise a copy in which notebooks stand for the missing ones.

    Raises UsageError if a notebook can't be read.
    """
    missing = [name for name in required if name.endswith(".py") and not (folder / name).is_file()]
    groups: dict[Path, list[str]] = {}
    for name in missing:
        found = notebook_for(folder, spec, name, required)
        if found is not None:
            groups.setdefault(found, []).append(name)
    if not groups:
        yield Modules(folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        into = Path(temporary).resolve()
        copy_files(folder, spec, into)
        notes: list[str] = []
        for file, names in groups.items():
            made = converted(file)
            write_modules(made, spec, names, into)
            notes += [f"{file.name}: {note}." for note in made.notes]
        yield Modules(into, tuple(notes))


def notebook_for(folder: Path, spec: SubmissionSpec, name: str, required: Sequence[str]) -> Path | None:
    """Return the notebook that stands for a missing file, if there is one."""
    for candidate in (str(PurePosixPath(name).with_suffix(".ipynb")), spec.notebook):
        if candidate and (folder / candidate).is_file():
            return folder / candidate
    alone = sorted(folder.glob("*.ipynb"))
    scripts = [item for item in required if item.endswith(".py")]
    return alone[0] if len(alone) == 1 and (spec.notebook or len(scripts) == 1) else None


def converted(file: Path) -> Converted:
    """Convert a saved notebook; raises UsageError if it can't be read."""
    try:
        return convert_notebook(file.read_bytes(), file.name)
    except (OSError, NotebookError) as error:
        raise UsageError(f"{file.name} {error}") from None


def copy_files(folder: Path, spec: SubmissionSpec, into: Path) -> None:
    """Copy the files that the assignment asks for."""
    for pattern in spec.files:
        for file in folder.glob(pattern):
            if file.is_file():
                target = into / file.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    for entry in spec.path:
        (into / entry).mkdir(parents=True, exist_ok=True)


def write_modules(made: Converted, spec: SubmissionSpec, names: Sequence[str], into: Path) -> None:
    """Write a converted notebook as the files `names`; several are aliases of one module."""
    text = made.text
    if len(names) > 1:
        _put(into / (spec.path[0] if spec.path else ".") / f"{MODULE}.py", text)
        text = alias_text(MODULE)
    for name in names:
        _put(into / name, text)


def _put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8", newline="\n")


def names_in(file: Path) -> set[str]:
    """Return the functions and classes that a Python file defines; empty if it can't be read."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}
