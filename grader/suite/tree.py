"""Lays a hand-in over a suite: one tree of files, as a platform's script copies the one onto the other.

The files are hard links, so the tree costs no copies however large the suite is. Files with tests are protected, and
a module of the hand-in displaces everything of the suite that Python would import in its place.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grader.intake.notes import listed

UNREAD = frozenset({"__pycache__", ".git", ".pytest_cache", ".venv", "venv", "node_modules"})
LARGE = 64
"""A folder of data with more files isn't copied."""
_COMPILED = (".so", ".pyd", ".pyc")
_SETTINGS = frozenset({"conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"})
"""Files that pytest reads by themselves, beside the tests and in every folder above them."""
_SHARED = frozenset({"pyproject.toml", "tox.ini", "setup.cfg"})
_PYTESTS = re.compile(rb"pytest|\\[uUx]")
"""Stands in files of these names that say something to pytest; an escape may hide the name."""


@dataclass
class Laid:
    """The outcome where suite and hand-in have files of the same name."""

    replaced: list[str] = field(default_factory=list)
    """Files of the suite in whose place the hand-in's are graded."""
    kept: list[str] = field(default_factory=list)
    """Files of the hand-in that aren't used, because the suite's are protected or are folders."""
    settings: list[str] = field(default_factory=list)
    """Files of the hand-in that aren't used, because pytest would do what they say."""

    def notes(self) -> list[str]:
        """Return sentences for the staff."""
        said = []
        if self.replaced:
            said.append(
                f"The hand-in's files were graded in place of the suite's of these names: {listed(self.replaced)}. "
                "If one is a helper of the tests, give it a name there that no student uses."
            )
        if self.kept:
            said.append(f"These files of the hand-in weren't used, because the suite's own are: {listed(self.kept)}.")
        if self.settings:
            said.append(
                "These files of the hand-in weren't used, because they would change how the tests run: "
                f"{listed(self.settings)}."
            )
        return said


def copy_suite(suite: Path, into: Path) -> list[Path]:
    """Copy a suite, readable for any worker; return the folders that weren't copied and must be readable in place.

    Files are hard links where that is possible, and a large folder of data is a link as a whole: a suite may have
    thousands of files, and copying them would take longer than its tests.
    """
    linked: list[Path] = []
    into.parent.mkdir(exist_ok=True)
    into.parent.chmod(0o755)
    _copy(suite, into, linked, _is_open(suite))
    return linked


def _copy(folder: Path, into: Path, linked: list[Path], is_open: bool) -> None:
    into.mkdir()
    into.chmod(0o755)
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path, target = Path(entry.path), into / entry.name
        if entry.name in UNREAD:
            continue
        if path.is_dir():
            opened = is_open and not entry.is_symlink() and _allows(path, 0o005)
            if opened and _is_large_data(path):
                target.symlink_to(path)
                linked.append(path)
            elif not (entry.is_symlink() and _is_around(path, folder)):
                _copy(path, target, linked, opened)
        elif path.is_file():
            executable = bool(path.stat().st_mode & 0o100)
            if entry.is_symlink() or not _allows(path, 0o005 if executable else 0o004):
                shutil.copyfile(path, target)
                target.chmod(0o755 if executable else 0o644)
            else:
                _link(path, target)


def _is_around(link: Path, folder: Path) -> bool:
    """Whether a link leads to the folder that it is in, or above: copying it would never end."""
    return folder.resolve().is_relative_to(link.resolve())


def _is_open(folder: Path) -> bool:
    """Whether any user can reach a folder."""
    return all(_allows(parent, 0o001) for parent in folder.parents) and _allows(folder, 0o005)


def _allows(path: Path, bits: int) -> bool:
    return path.stat().st_mode & bits == bits


def _is_large_data(folder: Path) -> bool:
    """Whether a folder has many files, none of them Python's and all of them readable for everybody."""
    count = 0
    for place, folders, names in os.walk(folder):
        if any(name.endswith((".py", *_COMPILED)) for name in names):
            return False
        count += len(names)
        if not all(
            _allows(Path(place, name), 0o004) for name in (*folders, *names) if os.path.exists(f"{place}/{name}")
        ):
            return False
    return count > LARGE


def lay(suite: Path, handin: Path | None, into: Path, protected: Collection[str]) -> Laid:
    """Fill the empty folder `into`.

    Args:
        suite: the suite's files.
        handin: the folder of the hand-in that corresponds to the suite's; None for no hand-in.
        into: where the tree is made, on the same disk.
        protected: paths of the suite's files that no hand-in replaces.
    """
    laid = Laid()
    held = {str(PurePosixPath(*PurePosixPath(name).parts[:depth])) for name in protected for depth in range(1, 9)}
    _merge(suite, handin, into, "", set(protected), held, laid)
    laid.replaced += _beside_tests(suite, handin, protected)
    return laid


def _beside_tests(suite: Path, handin: Path | None, protected: Collection[str]) -> list[str]:
    """The suite's modules beside its tests in whose place a module of the hand-in's top folder is imported."""
    entries = _entries(handin).items()
    own = {name.removesuffix(".py") for name, path in entries if path.suffix == ".py" and name not in _SETTINGS}
    found = []
    for folder in sorted({PurePosixPath(name).parent for name in protected} - {PurePosixPath()}):
        for name in sorted(_entries(suite / folder)):
            path = str(folder / name)
            replaced = handin is not None and (handin / path).exists()
            if name.endswith(".py") and name.removesuffix(".py") in own and path not in protected and not replaced:
                found.append(path)
    return found


def _merge(
    suite: Path | None, handin: Path | None, into: Path, inside: str, protected: set[str], held: set[str], laid: Laid
) -> None:
    ours = _entries(suite)
    theirs = _entries(handin)
    for name in [name for name, path in theirs.items() if path.is_file() and _sets_pytest(path)]:
        unused, own = theirs.pop(name), ours.get(name)
        if own is None or not own.is_file() or not filecmp.cmp(own, unused, shallow=False):
            laid.settings.append(f"{inside}{name}")
    for name in _displaced(ours, theirs):
        path = f"{inside}{name}"
        if path in held:
            laid.kept.append(path)
        elif name != "__pycache__":
            laid.replaced.append(path)
            del ours[name]
    for name in sorted(ours.keys() | theirs.keys()):
        path, mine, their, target = f"{inside}{name}", ours.get(name), theirs.get(name), into / name
        if mine is not None and their is not None and mine.is_dir() != their.is_dir():
            if mine.is_dir() or path in protected:
                laid.kept.append(path)
                their = None
            else:
                laid.replaced.append(path)
                mine = None
        if mine is not None and mine.is_symlink() and their is None:
            target.symlink_to(mine.readlink())  # a large folder of data that stayed where it is
        elif (mine or their or into).is_dir():
            target.mkdir()
            target.chmod(0o755)
            _merge(mine, their, target, f"{path}/", protected, held, laid)
        elif their is None or (mine is not None and path in protected):
            assert mine is not None
            if their is not None and not filecmp.cmp(mine, their, shallow=False):
                laid.kept.append(path)
            _link(mine, target)
        else:
            if mine is not None and not filecmp.cmp(mine, their, shallow=False):
                laid.replaced.append(path)
            _link(their, target)


def _entries(folder: Path | None) -> dict[str, Path]:
    return {} if folder is None else {entry.name: Path(entry.path) for entry in os.scandir(folder)}


def _sets_pytest(path: Path) -> bool:
    """Whether pytest would do what a file says: a hand-in could have its failing tests pass by it."""
    return path.name in _SETTINGS or (path.name in _SHARED and bool(_PYTESTS.search(path.read_bytes())))


def _displaced(ours: dict[str, Path], theirs: dict[str, Path]) -> list[str]:
    """The suite's entries that Python would import instead of a module of the hand-in beside them."""
    found = []
    for name, path in theirs.items():
        stem = name.removesuffix(".py") if name.endswith(".py") else name
        if path.is_dir() and not any(entry.suffix == ".py" for entry in path.iterdir()):
            continue
        if not path.is_dir() and stem == name:
            continue
        for other, mine in ours.items():
            compiled = other.partition(".")[0] == stem and other.endswith(_COMPILED)
            package = (
                path.suffix == ".py" and other == stem and (mine / "__init__.py").is_file() and other not in theirs
            )
            module = path.is_dir() and other == f"{stem}.py" and other not in theirs
            if compiled or package or module:
                found.append(other)
    return found


def _link(source: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)
    target.chmod(0o644)
