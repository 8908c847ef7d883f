"""Keeps the files of forbidden packages out of what a child may read, where Landlock says what that is.

Landlock can only allow, so a folder that holds a forbidden package is replaced by all of its other entries. A package
that was loaded by now is needed by the tests or the library and stays, as does what the library itself depends on, and
the standard library, of which others load parts when they need them.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from grader.sandbox.child.landlock import outermost
from grader.testing.submission import Forbidden

_PLACES = ("lib*/python*/*-packages", "lib/*-packages", "python*/*-packages", "*-packages", ".")
"""Where packages are below a folder that may be read: site-packages and dist-packages, of any Python that is there."""


class Refuser(MetaPathFinder):
    """Says of a package whose files can't be read that it isn't allowed, to whoever asks.

    An ImportError, not the system's refusal: a library that tries an optional package goes on without it.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse a forbidden package and its modules; all others are found elsewhere."""
        top = name.partition(".")[0]
        if top in self.names and top not in sys.modules:
            raise Forbidden(f"{top} is imported, which this assignment doesn't allow")
        return None


def hidden_packages(forbid: Iterable[str], library: str) -> list[str]:
    """Return those of the forbidden packages that nothing here needs."""
    names = [name for name in forbid if name not in sys.modules and name not in sys.stdlib_module_names]
    needed = _needed({"numpy", "pytest", library}) if names else set()
    return [name for name in names if _plain(name) not in needed]


def without_packages(readable: Iterable[Path], names: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Return what may be read without the packages of these names, and the folders whose entries may be listed.

    Looks for a package, a single file, a compiled module and what an installer keeps beside it, in every folder of
    packages that may be read and wherever the import system itself finds it: editable installs, namespaces, .pth files.
    """
    allowed = {path.resolve() for path in readable}
    hidden = {file.resolve() for name in names for file in _files(name, allowed)}
    listed: list[Path] = []
    kept: list[Path] = []
    waiting = outermost(allowed)
    while waiting:
        path = waiting.pop()
        if any(path.is_relative_to(file) for file in hidden):
            continue
        if any(file.is_relative_to(path) for file in hidden):
            listed.append(path)
            waiting += [entry for entry in path.iterdir() if not entry.is_symlink()]
        else:
            kept.append(path)
    return kept, listed


def _below(path: Path, place: str) -> Iterable[Path]:
    return [path] if place == "." else path.glob(place)


def _files(name: str, allowed: Iterable[Path]) -> set[Path]:
    folders = {Path(entry) for entry in sys.path if entry}
    folders |= {found for path in allowed if path.is_dir() for place in _PLACES for found in _below(path, place)}
    pattern = re.compile(
        rf"{re.escape(name)}(\.py[cdiwo]?|\..*\.(so|pyd)|\.(so|libs)|-[^/]*\.(dist|egg)-info|\.egg-info)?",
        re.IGNORECASE,
    )
    found = {
        entry for folder in folders if folder.is_dir() for entry in folder.iterdir() if pattern.fullmatch(entry.name)
    }
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):  # a finder of somebody else's may fail in its own way
        return found
    if spec is not None:
        found |= {Path(place) for place in spec.submodule_search_locations or ()}
        if spec.has_location and spec.origin is not None and not spec.submodule_search_locations:
            found.add(Path(spec.origin))
    return found


def _needed(names: Iterable[str]) -> set[str]:
    """The distributions that these need, as their own metadata says, with all that those need."""
    waiting, found = list(names), set[str]()
    while waiting:
        name = _plain(waiting.pop())
        if name in found:
            continue
        found.add(name)
        try:
            wanted = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        required = (item for item in wanted if "extra ==" not in item)
        waiting += [match[0] for item in required if (match := re.match(r"[\w.-]+", item))]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
