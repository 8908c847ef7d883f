"""Checks in a notebook, while its student works: the public tests on what the kernel has defined up to now.

    from grader.notebook import check
    check()            # all parts
    check("adam")      # one part

No notebook file is needed: the cells that the kernel has run say what it defines. They are converted as a hand-in is,
so what passes here passes when it is handed in and saved. Where the saved file can be found, `check` compares.
"""

from __future__ import annotations

import ast
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from grader import local, modules
from grader.assignment import Assignment
from grader.errors import GraderError, UsageError
from grader.export.notebook import to_html
from grader.export.terminal import to_terminal
from grader.fixtures import PUBLIC, Fixtures, load
from grader.questions import fixtures_file
from grader.report import Report
from grader.settings import read_assignment
from grader.testing.cells.convert import Converted, convert_cells, imported
from grader.testing.cells.places import MODULE
from grader.testing.cells.read import Cell, Cells, NotebookError

_ARCHIVE_BYTES = 200 * 2**20


@dataclass(frozen=True)
class Checked:
    """The result of a check: a table in a notebook, plain text elsewhere."""

    report: Report | None
    problem: str = ""
    """Why nothing was checked; empty if something was."""

    def __repr__(self) -> str:
        return to_terminal(self.report).rstrip() if self.report is not None else self.problem

    def _repr_html_(self) -> str:
        return to_html(self.report, self.problem)


def check(*parts: str, handout: str | os.PathLike[str] | None = None) -> Checked:
    """Run the public tests on what this kernel has defined.

    Args:
        parts: names or titles of the parts to run; none for all.
        handout: the unpacked handout, or the zip that was downloaded; by default it is looked for in the current
            folder and above.
    """
    try:
        return Checked(_check(parts, handout))
    except GraderError as error:
        return Checked(None, str(error))


def _check(parts: Sequence[str], handout: str | os.PathLike[str] | None) -> Report:
    shell = _shell()
    root = find_root(Path(handout) if handout is not None else None)
    tests = local.find_handout(root)
    assignment = read_assignment(tests)
    fixtures = load(fixtures_file(assignment, PUBLIC), assignment)
    names = [_part(assignment, part) for part in parts]
    made = _of_kernel(shell)
    beside = _left_behind(made, assignment, root)
    report = _run(assignment, fixtures, root, made, names)
    notes = [f"{note}." for note in (*made.notes, *beside)]
    saved = _saved_file(shell, assignment, root)
    if saved is not None:
        notes += _differences(report, saved, made, assignment, fixtures, root, names)
    shown = tuple(replace(test, command=f'check("{test.part}")' if test.command else "") for test in report.tests)
    return replace(report, tests=shown, notes=(*report.notes, *notes))


def _shell() -> Any:
    """The kernel of this notebook; raises UsageError outside of one."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if shell is None:
        raise UsageError(
            "check() looks at a notebook's kernel, and there is none here; in a terminal use: grader check"
        )
    return shell


def _of_kernel(shell: Any) -> Converted:
    """What the kernel defines: the cells that it has run, in that order, but for names that it has no more."""
    history: Sequence[str] = shell.history_manager.input_hist_raw
    cells = tuple(
        Cell(number, "code", text.replace("\r\n", "\n"), f"In [{number}]")
        for number, text in enumerate(history)
        if number and text.strip()
    )
    try:
        return convert_cells(Cells(cells), "this notebook", defined=set(shell.user_ns))
    except NotebookError as error:
        raise UsageError(f"this notebook {error}") from None


def find_root(given: Path | None) -> Path:
    """Return the folder of the unpacked handout; a zip is unpacked into a temporary folder.

    Raises:
        UsageError: there is no handout.
    """
    if given is not None:
        return _unpacked(given.resolve(), given.stat().st_mtime_ns) if given.is_file() else given.resolve()
    here = Path.cwd()
    own = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents[:4], own):
        if any(folder.glob("autograder/**/assignment.toml")):
            return folder
    archives = [file for file in sorted(here.glob("*.zip")) if _is_handout(file)]
    if len(archives) == 1:
        return _unpacked(archives[0].resolve(), archives[0].stat().st_mtime_ns)
    raise UsageError(
        f"there is no handout in {here}, and not above it; go there, or name the folder or the zip of the handout: "
        'check(handout="hw3.zip")'
    )


def _is_handout(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return any(_is_toml(name) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _is_toml(name: str) -> bool:
    parts = name.split("/")
    return "autograder" in parts[:2] and parts[-1] == "assignment.toml"


@cache
def _unpacked(file: Path, changed: int) -> Path:
    """Unpack a handout once for this kernel; `changed` is the time of its last change."""
    folder = Path(tempfile.mkdtemp(prefix="handout-"))
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(info.file_size for info in archive.infolist()) > _ARCHIVE_BYTES:
                raise UsageError(f"{file.name} is too large for a handout")
            archive.extractall(folder)
            toml = next((name for name in archive.namelist() if _is_toml(name)), "autograder/")
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{file.name} can't be unpacked ({error}); download it again") from None
    return folder / toml.partition("autograder/")[0]


def _part(assignment: Assignment, wanted: object) -> str:
    """The name of a part, which may be given by its title or in another case."""
    if not isinstance(wanted, str):
        raise UsageError(f'check() takes the name of a part as a text, such as check("{assignment.parts[0].name}")')
    for part in assignment.parts:
        if wanted.casefold() in (part.name.casefold(), part.title.casefold()):
            return part.name
    raise UsageError(f"no part '{wanted}'; there are: {', '.join(part.name for part in assignment.parts)}")


def _run(assignment: Assignment, fixtures: Fixtures, root: Path, made: Converted, parts: Sequence[str]) -> Report:
    """Run the public tests on converted cells; a file that the notebook doesn't define comes from the folder."""
    spec = assignment.submission
    scripts = [name for name in fixtures.required if name.endswith(".py")]
    own = [name for name in scripts if not (root / name).is_file() or modules.names_in(root / name) & made.names]
    with tempfile.TemporaryDirectory() as temporary:
        into = Path(temporary).resolve()
        modules.copy_files(root, spec, into)
        modules.write_modules(made, spec, own, into)
        with _forgotten({Path(name).stem for name in (*scripts, f"{MODULE}.py")}):
            return local.check(assignment, fixtures, into, parts)


@contextmanager
def _forgotten(names: set[str]) -> Iterator[None]:
    """Hide modules of these names that the notebook has imported from files, so that the tests import others."""
    hidden: dict[str, ModuleType] = {
        name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in names
    }
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] in names]:
            del sys.modules[name]
        sys.modules.update(hidden)


def _left_behind(made: Converted, assignment: Assignment, root: Path) -> list[str]:
    """Sentences about files that the notebook imports here, and that nobody hands in."""
    spec = assignment.submission
    asked = {file.resolve() for pattern in spec.files for file in root.glob(pattern)}
    imports = [node for node in ast.walk(ast.parse(made.text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = dict.fromkeys(package for node in imports for package in imported(node))
    found = [file for name in names for file in (Path.cwd() / f"{name}.py", root / f"{name}.py") if file.is_file()]
    return [
        f"this notebook imports {file.name}, and that file isn't handed in: define in the notebook what counts"
        for file in dict.fromkeys(file.resolve() for file in found)
        if file not in asked and not (assignment.helpers / file.name).is_file() and file.name != "grader.py"
    ]


def _saved_file(shell: Any, assignment: Assignment, root: Path) -> Path | None:
    """The file of this notebook, if its program says which it is, or the handout does."""
    told = [shell.user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")]
    told += [assignment.submission.notebook and str(root / assignment.submission.notebook)]
    for name in told:
        if isinstance(name, str) and name.endswith(".ipynb"):
            for file in (Path(name), Path.cwd() / Path(name).name):
                if file.is_file():
                    return file
    return None


def _differences(
    report: Report,
    saved: Path,
    made: Converted,
    assignment: Assignment,
    fixtures: Fixtures,
    root: Path,
    parts: Sequence[str],
) -> list[str]:
    """Sentences about tests that pass here, and wouldn't with the notebook as it was saved."""
    try:
        stored = modules.converted(saved)
    except UsageError as error:
        return [f"{error}."]
    if stored.shapes == made.shapes:
        return []
    then = {test.id: test for test in _run(assignment, fixtures, root, stored, parts).tests}
    lost = [test for test in report.tests if test.status == "passed" and then[test.id].status != "passed"]
    if not lost:
        return []
    names = ", ".join(test.number or test.title for test in lost[:5]) + (" and more" if len(lost) > 5 else "")
    return [
        f"{names}: passed in your kernel, not in the file that you saved ({saved.name}). Save it; if it is saved, a "
        "cell was changed or deleted after it was run"
    ]
