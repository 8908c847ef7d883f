"""Makes a new assignment from a starter: a small homework that is recorded and passes its audit.

The assignment is made and recorded in a temporary folder, and moved into the course's folder last: a failure leaves
nothing there. The starters are data in `grader/starters`; every one has a dropout layer, and its own part beside it.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.assignment import LIBRARIES
from grader.authoring import record, template
from grader.authoring.notebooks import cell_of, notebook_of
from grader.errors import UsageError
from grader.schedule import Progress
from grader.settings import load_assignment

STARTERS: Final = Path(__file__).resolve().parent.parent / "starters"
KINDS: Final = tuple(sorted(folder.name for folder in (STARTERS / "numpy").iterdir()))
SCHEMAS: Final = STARTERS.parent / "schemas"
"""For editors; a course gets a copy, which the first line of its settings names."""
_BASE: Final = "dropout"
"""The starter that all others contain."""
_FORBIDDEN: Final[Mapping[str, tuple[str, ...]]] = {
    "numpy": ("torch", "tensorflow", "keras", "jax", "autograd"),
    "torch": ("tensorflow", "keras", "jax"),
}
_COURSE: Final = {
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".github/workflows/homework.yml": "github.yml",
    ".gitlab-ci.yml": "gitlab.yml",
}
"""Files of a course's folder, and the starter file of each; one that is there is kept."""
_LONGEST: Final = 60


@dataclass(frozen=True)
class Made:
    """A new assignment."""

    folder: Path
    """The course's folder."""
    files: tuple[str, ...]
    """The written files, relative to it."""
    kept: tuple[str, ...]
    """Files of the course that were there and were left as they are."""


def make_new(
    name: str,
    course: Path,
    *,
    library: str = "numpy",
    kind: str = "mlp",
    notebook: bool = False,
    progress: Progress | None = None,
) -> Made:
    """Make an assignment in a course's folder, record it, and make its template.

    Args:
        name: of the assignment; three folders get it.
        course: the course's folder, which may be new or empty.
        library: one of `LIBRARIES`.
        kind: one of `KINDS`.
        notebook: whether the reference is a notebook, and so what students get.
        progress: called while the reference is recorded.

    Raises:
        UsageError: the name can't be used, or there is something in the way; nothing is written.
    """
    if library not in LIBRARIES or kind not in KINDS:
        raise UsageError(f"there is no starter '{kind}' for {library}; there are: {', '.join(KINDS)}")
    demand_name(name)
    demand_place(name, course)
    with tempfile.TemporaryDirectory(prefix="grader-new-") as temporary:
        draft = Path(temporary).resolve() / "course"
        for path, text in _files(name, library, kind, notebook).items():
            _write(draft / path, text)
        assignment = load_assignment(draft, name)
        record.write(assignment, record.record(assignment, progress))
        template.write(assignment)
        return _move(draft, course)


def demand_name(name: str) -> None:
    """Refuse a name that can't be a folder, a Python module or a lab of Autolab.

    Raises:
        UsageError: with a name that can.
    """
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) and len(name) <= _LONGEST and name not in sys.stdlib_module_names:
        return
    idea = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_LONGEST] or "hw1"
    idea = idea if idea[0].isalpha() and idea not in sys.stdlib_module_names else f"hw_{idea}"[:_LONGEST]
    raise UsageError(
        f"{name[:80]!r} can't be a folder, a Python module and a lab of Autolab; use lower-case letters, digits and _, "
        f"a letter first, {_LONGEST} characters at most, and no name of Python's own, for example: {idea}"
    )


def demand_place(name: str, course: Path) -> None:
    """Refuse a course's folder in which the assignment has no place.

    Raises:
        UsageError: the folder is within another course, or holds other things, or has such an assignment.
    """
    for above in course.parents:
        if (above / "testcases").is_dir():
            raise UsageError(
                f"{course} is within the course {above}; run this there, or name a folder outside with --project"
            )
    if course.exists() and not course.is_dir():
        raise UsageError(f"{course} is a file; name a folder with --project")
    for folder in ("testcases", "reference", "student_template"):
        place = course / folder / name
        if place.is_dir() and not any(place.iterdir()):
            continue
        if place.exists() or place.is_symlink():
            raise UsageError(f"{place} is there already; choose another name, or remove what is there")
    if not (course / "testcases").is_dir():
        other = sorted(item.name for item in course.iterdir() if not _belongs(item)) if course.is_dir() else []
        if other:
            raise UsageError(
                f"{course} is not empty ({', '.join(other[:3])}{', ...' if len(other) > 3 else ''}) and is no course's "
                "folder; make an empty folder for the course and run this in it, or name one with --project"
            )
    nearest = next(folder for folder in (course, *course.parents) if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"{nearest} can't be written to; name another folder with --project")


def _belongs(item: Path) -> bool:
    """Whether a fresh course's folder may hold it: what a new repository or a virtual environment brings."""
    plain = item.name.startswith(".") or item.stem.upper() in ("README", "LICENSE", "LICENCE", "PYPROJECT")
    return plain or (item / "pyvenv.cfg").is_file()


def _files(name: str, library: str, kind: str, notebook: bool) -> dict[str, str]:
    """The texts of a new assignment and its course, by path."""
    home, solution = f"testcases/{name}", f"reference/{name}"
    files: dict[str, str] = {}
    variants, parts = [], []
    for part in dict.fromkeys((_BASE, kind)):
        folder = STARTERS / library / part
        for below, target in (("reference", solution), ("testcases", home)):
            files |= {f"{target}/{file.name}": _text(file) for file in sorted((folder / below).glob("*.py"))}
        variants.append(_text(folder / "variants.toml"))
        parts.append(_text(folder / "parts.toml"))
    modules = {Path(path).name: text for path, text in files.items() if path.startswith(solution)}
    if notebook:  # it is one module, whose name the tests and the patches use then
        one = re.compile(rf"\b(submission\.|file = \")({'|'.join(Path(module).stem for module in modules)})\b")
        tests = {path: one.sub(rf"\g<1>{name}", text) for path, text in files.items() if path.startswith(home)}
        files = tests | {f"{solution}/{name}.ipynb": _notebook(_title(name), modules)}
        variants = [one.sub(rf"\g<1>{name}", text) for text in variants]
    values = {
        "NAME": name,
        "TITLE": _title(name),
        "SEED": str(sum(name.encode()) * 7919 % 100_000),
        "LIBRARY": library,
        "FILES": ", ".join(map(json.dumps, [f"{name}.py"] if notebook else modules)),
        "NOTEBOOK": f'notebook = "{name}.ipynb"' if notebook else '# notebook = ""                 ',
        "FORBID": ", ".join(map(json.dumps, _FORBIDDEN[library])),
        "EXTRA": ",torch" * (library == "torch") + ",notebook" * notebook,
        "SCHEMA": "../../schemas/assignment.schema.json",
    }
    settings = _filled(_text(STARTERS / "course" / "assignment.toml"), values)
    files[f"{home}/assignment.toml"] = "\n".join([settings, *parts])
    files[f"{home}/variants.toml"] = "\n".join([_VARIANTS, *variants])
    files |= {f"schemas/{file.name}": _text(file) for file in sorted(SCHEMAS.glob("*.json"))}
    return files | {path: _filled(_text(STARTERS / "course" / file), values) for path, file in _COURSE.items()}


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _notebook(title: str, modules: Mapping[str, str]) -> str:
    """Return a notebook with the code of modules, by file name: what they import first, then a check a module."""
    imports = {"from grader.notebook import check": None}
    parts = []
    for name, text in modules.items():
        part = Path(name).stem
        key = part.replace("_", "-")
        first, *others = ast.parse(text).body
        assert isinstance(first, ast.Expr)
        lines = text.split("\n")
        imported = [node for node in others if isinstance(node, ast.Import | ast.ImportFrom)]
        imports |= {line: None for node in imported for line in lines[node.lineno - 1 : node.end_lineno]}
        body = "\n".join(lines[max(node.end_lineno or 0 for node in (first, *imported)) :]).strip()
        parts += [
            cell_of(f"about-{key}", "markdown", f"## {ast.get_docstring(ast.parse(text))}"),
            cell_of(key, "code", body),
            cell_of(f"check-{key}", "code", f'check("{part}")'),
        ]
    about = f"# {title}\n\nWrite the parts marked `TODO`, and run the check below each. Other cells are yours."
    cells = [cell_of("title", "markdown", about), cell_of("imports", "code", "\n".join(sorted(imports))), *parts]
    return json.dumps(notebook_of(cells), indent=1) + "\n"


_VARIANTS = """\
#:schema ../../schemas/variants.schema.json
# Patches of the reference. credit = 0.0: a known mistake, which must lose points in the parts that `loses` names, and
# whose hint the student reads. credit = 1.0: an accepted alternative. Between: partial credit.
# `find` must be in the file exactly once.
"""


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub("@([A-Z]+)@", lambda found: values[found[1]], text)


def _text(file: Path) -> str:
    return file.read_text("utf-8")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8", newline="\n")


def _move(draft: Path, course: Path) -> Made:
    """Copy a finished draft into the course's folder; on a failure, remove what was copied."""
    written: list[str] = []
    kept: list[str] = []
    with _undone(course, written):
        for file in sorted(path for path in draft.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            name = file.relative_to(draft).as_posix()
            target = course / name
            if target.exists():
                kept.append(name)
                continue
            written.append(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(file, target)
    return Made(course, tuple(written), tuple(kept))


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


@contextmanager
def _undone(course: Path, written: list[str]) -> Iterator[None]:
    """Remove what was written if the block fails, and the folders that are empty then."""
    was_there = course.exists()
    try:
        yield
    except BaseException as error:
        for name in reversed(written):
            with suppress(OSError):
                (course / name).unlink()
            with suppress(OSError):  # it isn't empty
                for folder in (course / name).relative_to(course).parents:
                    (course / folder).rmdir() if folder.parts or not was_there else None
        if isinstance(error, OSError):
            raise UsageError(
                f"can't write into {course}: {error.strerror}; make room, or name another folder with --project"
            ) from None
        raise
