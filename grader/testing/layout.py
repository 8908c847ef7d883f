"""Makes a hand-in's folders packages too: `from mytorch.linear import Linear` and `from .linear import Linear` work.

A course puts several folders on the path, so its tests say `import linear`. Students who work in the handout's folder
also write the name with its folder, or a relative import. All names of a file mean one module: a second copy would have
classes of its own, which no `isinstance` accepts.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from copy import copy
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

from grader.testing.compiled import CompiledOnce

HERE = "_hand_in"
"""The package of the hand-in's own folder, which relative imports start from."""


class Layout(Loader):
    """Finds modules by the names of their folders."""

    def __init__(self, root: Path, path: Sequence[str]) -> None:
        """Describe a hand-in in `root`; `path` has the absolute folders that are searched for modules."""
        self._root = root
        self._below = f"{root}{os.sep}"
        self._path = [Path(entry) for entry in path if Path(entry).is_relative_to(root)]
        inside = [entry.relative_to(root).parts for entry in self._path]
        self.packages = frozenset({HERE, *(parts[0] for parts in inside if parts)})
        """The first names of modules that are found here."""
        self._specs: dict[str, ModuleSpec | None] = {}

    def again(self) -> Layout:
        """Return a finder for the same folders that knows of no module yet."""
        fresh = copy(self)
        fresh._specs = {}
        return fresh

    def find(self, name: str) -> ModuleSpec | None:
        """Return the spec of a folder, of a file by its one name, or of another name of a file."""
        parts = name.split(".")[name.startswith(HERE) :]
        place = self._root.joinpath(*parts)
        file = place.with_name(f"{place.name}.py") if parts else place
        if parts and file.is_file():
            usual = self._usual(file)
            return spec_from_file_location(usual, file) if usual == name else ModuleSpec(name, self, loader_state=usual)
        start = place / "__init__.py"
        if start.is_file() and not name.startswith(HERE):
            return spec_from_file_location(name, start, submodule_search_locations=[])
        if start.is_file() and parts:
            return ModuleSpec(name, self, loader_state=".".join(parts))
        return ModuleSpec(name, self, is_package=True) if place.is_dir() else None

    def located(self, spec: ModuleSpec | None) -> ModuleSpec | None:
        """Return the spec of a module that was found on the path, so that its relative imports work."""
        if spec is None or type(spec.loader) is not CompiledOnce or spec.submodule_search_locations is not None:
            return spec
        file = spec.loader.path
        if file.startswith(self._below):
            # without pathlib, because every test imports every module anew
            inside = os.path.splitext(file[len(self._below) :])[0].replace(os.sep, ".")
            is_package = spec.name in self.packages  # a file that has the name of a folder
            spec.loader = _Located(spec.loader.name, file, f"{HERE}.{inside}", is_package)
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return the module that has another name already; None for a folder."""
        if spec.loader_state is None:
            return None
        module = importlib.import_module(spec.loader_state)
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give a module that has another name its own spec back."""
        spec = module.__spec__
        if spec is not None and spec.name in self._specs:
            module.__spec__ = self._specs.pop(spec.name)

    def _usual(self, file: Path) -> str:
        """The name by which tests import a file."""
        folder = next((entry for entry in self._path if file.is_relative_to(entry)), self._root)
        return ".".join(file.relative_to(folder).with_suffix("").parts)


class _Located(CompiledOnce):
    """Loads a module whose relative imports start at its folder."""

    def __init__(self, name: str, path: str, located: str, is_package: bool) -> None:
        super().__init__(name, path)
        self._located = located
        self._is_package = is_package

    def exec_module(self, module: ModuleType) -> None:
        spec = ModuleSpec(self._located, self, origin=self.path)
        spec.has_location = True
        module.__spec__, module.__package__ = spec, spec.parent
        if self._is_package:
            module.__path__ = []
        super().exec_module(module)
