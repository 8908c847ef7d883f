"""Makes one importable tree of a suite and a hand-in, so that they find each other; in the jailed child only.

The test's folder is a view of that tree: the hand-in laid over the suite, whose files with tests are protected.
Gradescope's fixed folders in a suite's text become the real ones.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from types import CodeType, ModuleType
from typing import Any

from gradescope_utils.autograder_utils.files import check_submitted_files

from grader.testing.cells.load import CellLoader
from grader.testing.cells.places import origin
from grader.testing.submission import Submission
from grader.testing.suite_plan import TREE, Plan, folder_with
from grader.testing.view import View


class Places:
    """Makes the merged tree importable, and leads Gradescope's fixed folders in a suite's text to the real ones.

    The fixed folders exist only on Gradescope, and student code can't read them there.
    """

    def __init__(self, submission: Submission, plan: Plan, home: Path) -> None:
        root = submission._root.resolve()
        self._submission = submission
        self._home = home
        self._tree = root.parent / TREE
        self._view = View(self._tree, home)
        self._here = {b"submission": str(root).encode(), b"source": str(home).encode()}
        self._own = {_identity(file): str(file) for file in root.rglob("*.py")}
        """The hand-in's modules: the tree has links to the same files."""
        found = (folder_with(self._tree, name) for name in plan.wanted)
        self._folders = [str(home / folder) for folder in dict.fromkeys(found) if folder is not None]
        self.name = plan.name if plan.name and not _taken(home, plan.name) else ""
        if self.name:
            (home / self.name).symlink_to(".")
        self.install()

    def install(self) -> None:
        """Apply all of it to this process; a second call, for the next test, restores what was undone."""
        self._view.install()
        check_submitted_files.__defaults__ = (self._here[b"submission"].decode(),)
        if self._finder not in sys.path_hooks:
            sys.path_hooks.insert(0, self._finder)
            sys.path_importer_cache.clear()
        # the suite's own folder isn't searched: what is graded must come from the tree
        for entry in self._submission._helpers:
            if entry in sys.path:
                sys.path[sys.path.index(entry)] = str(self._home)
        finder = self._submission._finder
        finder.path = [str(self._home)]
        finder.prefers = self.is_own
        self._submission._stand_ins.helpers = None  # a suite's modules aren't guessed to be what a student imports

    def is_own(self, file: str) -> bool:
        """Whether a file of the tree is the hand-in's."""
        return _identity(file) in self._own

    def reach(self, file: str) -> None:
        """Put the folders that a test file imports from at the front of the path."""
        entries = [str((self._home / file).parent), str(self._home)]
        sys.path[:0] = [entry for entry in dict.fromkeys(entries) if entry not in sys.path[:2]]
        sys.path += [entry for entry in self._folders if entry not in sys.path]
        self._submission._finder.path = list(dict.fromkeys([*entries, *self._folders]))

    def load(self, file: str) -> ModuleType:
        """Import a test file by the name that unittest's discovery gives it, even if another module has that name."""
        self.reach(file)
        path = PurePosixPath(file)
        inside = list(path.parent.parts)
        package = bool(inside) and all(
            (self._home.joinpath(*inside[: depth + 1]) / "__init__.py").is_file() for depth in range(len(inside))
        )
        if self.name and (self._home / "__init__.py").is_file() and (package or not inside):
            inside, package = [self.name, *inside], True
        name = ".".join([*inside, path.stem]) if package else path.stem
        if package:
            importlib.import_module(".".join(inside))
        place = self._home / file
        spec = importlib.util.spec_from_file_location(name, place, loader=self.loader(name, str(place)))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    def _finder(self, entry: str) -> importlib.machinery.FileFinder:
        if not any(Path(entry).is_relative_to(root) for root in (self._home, self._tree)) or os.path.isfile(entry):
            raise ImportError("not a folder of the suite")  # runpy runs a file that no hook takes as a script
        return importlib.machinery.FileFinder(
            entry,
            (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
            (self.loader, importlib.machinery.SOURCE_SUFFIXES),  # type: ignore[arg-type]  # a function that makes one
            (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
        )

    def loader(self, name: str, path: str) -> importlib.machinery.SourceFileLoader:
        """Return the loader for a module of the tree."""
        own = self._own.get(_identity(path))
        if own and origin(Path(own)):
            return CellLoader(name, own)
        return _Loader(name, path, own, (lambda text: text) if own else self.led)

    def led(self, text: bytes) -> bytes:
        """Return a module's text with the folders replaced."""
        return re.sub(rb"/autograder/(submission|source)(?![\w.-])", lambda match: self._here[match[1]], text)


class _Loader(importlib.machinery.SourceFileLoader):
    """Reads a module whose text is changed before it is compiled."""

    def __init__(self, name: str, path: str, own: str | None, changed: Callable[[bytes], bytes]) -> None:
        super().__init__(name, path)
        self._own = own
        self._changed = changed

    def path_stats(self, path: str) -> Any:
        """Refuse cached bytecode, which may come from the unchanged text."""
        raise OSError("not kept")

    def get_data(self, path: str) -> bytes:
        """Return the module's changed text; other files unchanged."""
        data = super().get_data(path)
        return self._changed(data) if path == self.path else data

    def source_to_code(  # type: ignore[override]  # typeshed has the one of InspectLoader
        self, data: Any, path: Any, *, _optimize: int = -1
    ) -> CodeType:
        """Compile a module; a hand-in's frames name the hand-in's file, so that messages recognise them."""
        return super().source_to_code(data, self._own or path)


def _identity(file: Path | str) -> tuple[int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _taken(home: Path, name: str) -> bool:
    """Whether something in a folder, or something installed, has this name as a module."""
    return os.path.lexists(home / name) or (home / f"{name}.py").exists() or name in sys.modules
