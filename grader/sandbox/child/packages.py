"""Makes the files of forbidden packages unreadable for a child, where Landlock is in use.

Landlock can only allow, so a folder that holds a forbidden package is replaced by all of its other entries. Three
groups stay readable: packages already loaded, which the tests or the library need; dependencies of the library; and
the standard library, because other packages load parts of it late.
"""

from __future__ import annotations

import importlib.util
import os
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
"""Places of packages below a readable folder: site-packages and dist-packages of every Python there."""


class Refuser(MetaPathFinder):
    """Refuses to import a package whose files can't be read, and says that it isn't allowed.

    It raises an ImportError instead of a PermissionError, so that a library can do without an optional package.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse a forbidden package and its modules; return None for all others, which other finders handle."""
        top = name.partition(".")[0]
        if top in self.names and top not in sys.modules:
            raise Forbidden(f"{top} is imported, which this assignment doesn't allow")
        return None


def hidden_packages(forbid: Iterable[str], library: str) -> list[str]:
    """Return the forbidden packages that neither the tests nor the library need."""
    names = [name for name in forbid if name not in sys.modules and name not in sys.stdlib_module_names]
    needed = _needed({"numpy", "pytest", library}) if names else set()
    return [name for name in names if _plain(name) not in needed]


def without_packages(readable: Iterable[Path], names: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Return the readable paths without the packages of these names, and the folders whose entries may be listed.

    It looks for a package, a single file, a compiled module and the installer's metadata. It looks in every readable
    folder of packages and where the import system finds the package: editable installs, namespaces, .pth files.
    """
    allowed = {path.resolve() for path in readable}
    installed = _installed(allowed) if names else []
    hidden = {os.path.realpath(file) for name in names for file in _files(name, installed)}
    around = {str(parent) for file in hidden for parent in Path(file).parents}
    listed: list[Path] = []
    kept: list[Path] = []
    waiting = outermost(allowed)
    while waiting:
        path = waiting.pop()
        if not hidden.isdisjoint((str(path), *map(str, path.parents))):
            continue
        if str(path) in around:
            listed.append(path)
            waiting += [entry for entry in path.iterdir() if not entry.is_symlink()]
        else:
            kept.append(path)
    return kept, listed


def _below(path: Path, place: str) -> Iterable[Path]:
    return [path] if place == "." else path.glob(place)


def _installed(allowed: Iterable[Path]) -> list[tuple[str, str]]:
    """The folder and the name of every entry in every folder of packages."""
    folders = {entry for entry in sys.path if os.path.isdir(entry)}
    folders |= {str(found) for path in allowed for place in _PLACES for found in _below(path, place) if found.is_dir()}
    return [(folder, name) for folder in folders for name in os.listdir(folder)]


def _files(name: str, installed: Iterable[tuple[str, str]]) -> set[str]:
    pattern = re.compile(
        rf"{re.escape(name)}(\.py[cdiwo]?|\..*\.(so|pyd)|\.(so|libs)|-[^/]*\.(dist|egg)-info|\.egg-info)?",
        re.IGNORECASE,
    )
    found = {os.path.join(folder, entry) for folder, entry in installed if pattern.fullmatch(entry)}
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):  # third-party finders fail in various ways
        return found
    if spec is not None:
        found |= set(spec.submodule_search_locations or ())
        if spec.has_location and spec.origin is not None and not spec.submodule_search_locations:
            found.add(spec.origin)
    return found


def _needed(names: Iterable[str]) -> set[str]:
    """These distributions and all their direct and indirect dependencies, by their metadata."""
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
