"""Lays a hand-in over a suite: one tree of files, as a platform's script copies the one onto the other.

The files are hard links, so the tree costs no copies however large the suite is. Files with tests are protected, and
a module of the hand-in displaces everything of the suite that Python would import in its place.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grader.intake.notes import listed

_COMPILED = (".so", ".pyd", ".pyc")


@dataclass
class Laid:
    """What happened where suite and hand-in have the same names."""

    replaced: list[str] = field(default_factory=list)
    """Files of the suite in whose place the hand-in's are graded."""
    kept: list[str] = field(default_factory=list)
    """Files of the hand-in that aren't used, because the suite's are protected or are folders."""

    def notes(self) -> list[str]:
        """Return sentences for the staff."""
        said = []
        if self.replaced:
            said.append(
                f"The hand-in's files were graded in place of the suite's of these names: {listed(self.replaced)}."
            )
        if self.kept:
            said.append(f"These files of the hand-in weren't used, because the suite's own are: {listed(self.kept)}.")
        return said


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
    return laid


def _merge(
    suite: Path | None, handin: Path | None, into: Path, inside: str, protected: set[str], held: set[str], laid: Laid
) -> None:
    ours = _entries(suite)
    theirs = _entries(handin)
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
        if (mine or their or into).is_dir():
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
