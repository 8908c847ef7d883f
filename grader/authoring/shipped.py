"""Chooses the files of an assignment's folder that students get: visible tests, and the modules and data they need.

Imports are followed from the kept text of the tests, also imports inside functions. A module or a data file beside the
tests is kept if a kept file uses it. Modules in helpers/ are for students: they are kept unless only hidden tests
import them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import grader
from grader.assignment import Assignment
from grader.authoring.collecting import Place, collect
from grader.authoring.cut import Cut, Marked, cut
from grader.authoring.names import Function, Use, all_bound, uses_of
from grader.authoring.source import first_line, parse, read_source
from grader.errors import AssignmentError
from grader.files import own_files
from grader.fixtures import Fixtures
from grader.folders import DATA, HIDDEN_DATA

_INSTRUCTORS = ("fixtures", "variants.toml", "assignment.toml")
"""Files and folders that are never copied unchanged."""
Wanted = frozenset[str] | None
"""Names of a module that others use; None for all."""


@dataclass(frozen=True)
class Shipped:
    """The files of the handout's folder of tests, by paths relative to it."""

    texts: Mapping[str, str]
    data: Mapping[str, Path]


def places_of(assignment: Assignment, fixtures: Fixtures) -> list[Place]:
    """Return where the recorded tests' functions are; raises AssignmentError if pytest collects other tests here."""
    package = Path(grader.__file__).parent.parent
    files = [file.name for file in assignment.test_files()]
    places, errors = collect(package, assignment.folder, files)
    if errors:
        raise AssignmentError(assignment.folder, None, f"the tests can't be loaded:\n{errors}")
    found, recorded = {place.id for place in places}, {spec.id for spec in fixtures.tests}
    if found != recorded:
        raise AssignmentError(
            assignment.folder,
            None,
            f"the tests aren't the recorded ones; run: grader record {assignment.name}\n"
            f"only here: {', '.join(sorted(found - recorded)) or 'none'}\n"
            f"only in the record: {', '.join(sorted(recorded - found)) or 'none'}",
        )
    return places


def marks(folder: Path, fixtures: Fixtures, places: Sequence[Place]) -> dict[str, Marked]:
    """Return which tests are hidden, for each file of the folder: visibility from the fixtures, places as collected.

    Raises:
        AssignmentError: a hidden test has no function of its own, so it can't be cut out.
    """
    visible = {spec.id for spec in fixtures.tests if spec.visibility == "visible"}
    names: dict[tuple[str, str], set[bool]] = {}
    lines: dict[tuple[str, int], set[bool]] = {}
    for place in places:
        file, *path = place.id.partition("[")[0].split("::")
        for depth in range(1, len(path) + 1):
            names.setdefault((file, ".".join(path[:depth])), set()).add(place.id in visible)
        lines.setdefault((_relative(folder, place.file), place.line), set()).add(place.id in visible)
    found = {
        file: Marked(
            visible=frozenset(name for (where, name), seen in names.items() if where == file and True in seen),
            hidden=frozenset(name for (where, name), seen in names.items() if where == file and True not in seen),
            visible_lines=frozenset(line for (where, line), seen in lines.items() if where == file and True in seen),
            hidden_lines=frozenset(line for (where, line), seen in lines.items() if where == file and True not in seen),
        )
        for file in {where for where, _ in [*names, *lines]} - {""}
    }
    for place in places:
        if place.id not in visible:
            _check_place(folder, found, place)
    return found


def _relative(folder: Path, file: str) -> str:
    return Path(file).relative_to(folder).as_posix() if file and Path(file).is_relative_to(folder) else ""


def _check_place(folder: Path, found: Mapping[str, Marked], place: Place) -> None:
    """Demand that a statement binds a hidden test, or that its function is found: otherwise it can't be cut out."""
    file, *path = place.id.partition("[")[0].split("::")
    where = _relative(folder, place.file)
    bound = path[0] in all_bound(parse(folder / file, read_source(folder / file)), ())
    tree = parse(folder / where, read_source(folder / where)) if where else ast.Module([], [])
    is_function = any(isinstance(node, Function) and first_line(node) == place.line for node in ast.walk(tree))
    named = ".".join(path) in found[file].hidden
    if not (named and (bound or (is_function and place.line in found[where].hidden_lines))):
        raise AssignmentError(
            folder / (where or file),
            place.line or None,
            f"the hidden test {place.id} can't be cut out of the handout: its function is made while the file is "
            "loaded, or visible tests share it; write it as a function of its own, with its own name",
        )


def shipped(assignment: Assignment, marked: Mapping[str, Marked], template: Mapping[str, str]) -> Shipped:
    """Return the files of the assignment's folder that students get; `template` has the other files that they get."""
    folder = assignment.folder
    files = {
        name: file
        for name, file in own_files(folder).items()
        if PurePosixPath(name).parts[0] not in _INSTRUCTORS and file.is_file()
    }
    reach = _Reach(folder, files, marked)
    given = [uses_of(parse(Path(name), text)) for name, text in template.items() if name.endswith(".py")]
    for uses in given:
        reach.follow("helpers/template", uses.modules)
    for name in files:
        if name == "conftest.py" or (marked.get(name, Marked()).visible and "/" not in name):
            reach.want(name, frozenset())
        elif name.startswith("experiments/") and name.endswith(".py"):
            reach.want(name, None)
    reach.close()
    # helpers that no test imports are for students
    every = _Reach(folder, files, {})
    for name in files:
        if name.endswith(".py") and not name.startswith(("helpers/", "experiments/")):
            every.want(name, None)
    every.close()
    for name in files:
        if name.startswith("helpers/") and name.endswith(".py") and name not in every.cuts:
            reach.want(name, None)
    reach.close()
    constants = {text for item in reach.cuts.values() for text in item.uses.constants}
    constants |= {text for uses in given for text in uses.constants}
    data = {
        name: file
        for name, file in files.items()
        if not name.endswith(".py") and (name.startswith("experiments/") or _named(name, constants))
    }
    # the place decides about data, not a name in a text
    data = {name: file for name, file in data.items() if not name.startswith(f"{DATA}/")}
    data |= {
        name: file
        for name, file in files.items()
        if name.startswith(f"{DATA}/") and not name.startswith(f"{DATA}/{HIDDEN_DATA}/")
    }
    return Shipped({name: item.text for name, item in sorted(reach.cuts.items())}, data)


def _named(name: str, constants: Collection[str]) -> bool:
    """Whether the constants contain the names of a file and of each folder that it is in."""
    parts = [part for part in PurePosixPath(name).parts if part != "helpers"]
    return all(any(re.search(rf"(?<![\w.-]){re.escape(part)}(?![\w-])", text) for text in constants) for part in parts)


class _Reach:
    """Follows imports from the wanted files, and cuts each file down to the names that other files use."""

    def __init__(self, folder: Path, files: Mapping[str, Path], marked: Mapping[str, Marked]) -> None:
        self.cuts: dict[str, Cut] = {}
        self._folder = folder
        self._files = files
        self._marked = marked
        self._wanted: dict[str, Wanted] = {}
        self._done: dict[str, Wanted] = {}

    def want(self, name: str, names: Wanted) -> None:
        """Add a file to the wanted ones, for these of its names."""
        before = self._wanted.get(name, frozenset())
        self._wanted[name] = None if before is None or names is None else before | names

    def close(self) -> None:
        """Cut every wanted file and add the files that it uses, until none is added."""
        while self._wanted != self._done:
            for name, names in list(self._wanted.items()):
                if name not in self._done or self._done[name] != names:
                    self._done[name] = names
                    self._cut(name, names)

    def _cut(self, name: str, names: Wanted) -> None:
        marked = self._marked.get(name, Marked())
        file = self._files[name]
        if marked.visible and not marked.hidden and not marked.hidden_lines:
            names = None  # all of its tests are public: the file is kept unchanged
        made = self.cuts[name] = cut(file, read_source(file), marked, names)
        self.follow(name, made.uses.modules)
        if "conftest.py" in self._files and not name.startswith(("helpers/", "experiments/")):
            self.want("conftest.py", made.uses.arguments)

    def follow(self, importer: str, modules: Sequence[Use]) -> None:
        """Add the modules that the file `importer` imports to the wanted ones."""
        for use in modules:
            for name, names in self._targets(importer, use):
                self.want(name, names)

    def _targets(self, importer: str, use: Use) -> list[tuple[str, Wanted]]:
        here = PurePosixPath(importer).parent
        dots = len(use.module) - len(use.module.lstrip("."))
        parts = [part for part in use.module.lstrip(".").split(".") if part]
        top = PurePosixPath(here.parts[0]) if here.parts else PurePosixPath()
        if dots:
            bases = [here if dots == 1 else here.parents[dots - 2]]
        elif top.name == "helpers":
            bases = [top]
        else:
            bases = [top, PurePosixPath("helpers"), PurePosixPath()]
        for base in bases:
            found = self._below(base, parts, use.names)
            if found:
                return found
        return []

    def _below(self, base: PurePosixPath, parts: Sequence[str], names: Wanted) -> list[tuple[str, Wanted]]:
        found: list[tuple[str, Wanted]] = []
        for depth in range(1, len(parts) + 1):
            module = base.joinpath(*parts[:depth])
            if f"{module}.py" in self._files:
                # a module beside the tests is cut down to its used names; other modules are copied whole
                whole = depth < len(parts) or "/" in f"{module}.py"
                found.append((f"{module}.py", None if whole else names))
            elif f"{module}/__init__.py" in self._files:
                found.append((f"{module}/__init__.py", None))
        inside = base.joinpath(*parts)
        for name in names or ():
            candidates = (f"{inside / name}.py", f"{inside / name}/__init__.py")
            found += [(file, None) for file in candidates if file in self._files]
        return found
