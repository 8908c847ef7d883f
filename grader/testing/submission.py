"""The `submission` that a test sees: modules and names of a hand-in, looked up late.

A missing file or class fails only the tests that touch it, and says which file and name were looked for.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any


class NotFound(Exception):  # says what was looked for; it isn't an error of ours
    """A file or a name that a test needs isn't in the submission."""


class Forbidden(ImportError):
    """The submission imports a package that the assignment forbids."""


class _Finder:
    """Finds the submission's own modules before installed packages of the same name, and refuses forbidden ones.

    A student's `linear.py` must not lose to some package that happens to be installed here; the standard library
    still wins, because the libraries loaded beside the submission import it lazily.
    """

    def __init__(self, path: Sequence[str], forbid: Sequence[str], root: Path) -> None:
        self.path = list(path)
        self.forbid = frozenset(forbid)
        self.root = root

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top = name.partition(".")[0]
        if self.forbids(name) and self._asked_by_submission():
            raise Forbidden(f"the submission imports {top}, which this assignment doesn't allow")
        if path is not None or top in sys.stdlib_module_names:
            return None
        return PathFinder.find_spec(name, self.path)

    def forbids(self, name: str) -> bool:
        """Whether a module belongs to a forbidden package."""
        return name.partition(".")[0] in self.forbid

    def _asked_by_submission(self) -> bool:
        """Whether the import stands in a file of the submission, not in a library or a test.

        Code without a file (of `exec`, or the frozen importer) and importlib ask for whoever called them.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            file = frame.f_code.co_filename
            if not file.startswith("<") and file not in (__file__, importlib.__file__):
                return Path(file).is_relative_to(self.root)
            frame = frame.f_back
        return False


class Submission:
    """Gives tests the modules of a hand-in: `submission.dropout.Dropout`, `submission("nn.layers").Linear`."""

    def __init__(self, root: Path, path: Sequence[str], forbid: Sequence[str], helpers: Path | None = None) -> None:
        """Describe a hand-in below `root`.

        Args:
            root: the clean folder that holds the submission's files.
            path: folders below `root` that go on `sys.path`, in order.
            forbid: packages whose import from the submission's files is refused.
            helpers: a folder of modules that the course provides, searched after the submission.
        """
        self._root = root
        self._path = [str((root / entry).resolve()) for entry in path]
        self._helpers = [str(helpers)] if helpers is not None and helpers.is_dir() else []
        self._finder = _Finder([*self._path, *self._helpers], forbid, root.resolve())
        self._proxies: dict[str, Module] = {}
        self._hidden: dict[str, ModuleType] = {}

    def install(self) -> None:
        """Make the submission's modules importable, after everything that is installed."""
        sys.path.extend([*self._path, *self._helpers])
        sys.meta_path.insert(0, self._finder)
        self._hidden = {}
        if any(name in sys.modules for name in self._finder.forbid):
            # a package that some library loaded before isn't looked for again: hide it from the submission
            self._hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if self._finder.forbids(name)}

    def uninstall(self) -> None:
        """Undo `install` and forget the submission's modules, so that the next test imports them anew."""
        sys.meta_path.remove(self._finder)
        for entry in [*self._path, *self._helpers]:
            sys.path.remove(entry)
            sys.path_importer_cache.pop(entry, None)
        # texts, not Paths: this looks at every loaded module, after every test
        roots = tuple(f"{root}{os.sep}" for root in (self._root.resolve(), *self._helpers))
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(roots):
                del sys.modules[name]
        sys.modules.update(self._hidden)
        self._proxies.clear()

    def __getattr__(self, name: str) -> Module:
        if name.startswith("__"):
            raise AttributeError(name)
        return self(name)

    def __call__(self, name: str) -> Module:
        """Return the module called `name`; dots reach into packages. Nothing is imported yet."""
        return self._proxies.setdefault(name, Module(self, name))

    def file_of(self, name: str) -> str:
        """Return the file in which module `name` is looked for, relative to the submission, for messages."""
        tail = name.replace(".", "/")
        for entry in self._path:
            for candidate in (Path(entry) / f"{tail}.py", Path(entry) / tail / "__init__.py"):
                if candidate.is_file():
                    return candidate.relative_to(self._root.resolve()).as_posix()
        first = Path(self._path[0]) if len(self._path) == 1 else None
        prefix = first.relative_to(self._root.resolve()).as_posix() + "/" if first else ""
        return f"{prefix.removeprefix('./')}{tail}.py"


class Module:
    """One module of the submission, imported when its first name is asked for."""

    def __init__(self, submission: Submission, name: str) -> None:
        self._submission = submission
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        module = self._load()
        try:
            return getattr(module, name)
        except AttributeError:
            file = self._submission.file_of(self._name)
            raise NotFound(f"{file} has no '{name}'; define it there, spelt exactly like this") from None

    def _load(self) -> ModuleType:
        try:
            return importlib.import_module(self._name)
        except ModuleNotFoundError as error:
            # the module itself is missing; one that it imports is the student's own error and goes on
            if error.name is not None and (self._name == error.name or self._name.startswith(error.name + ".")):
                file = self._submission.file_of(self._name)
                raise NotFound(f"the submission has no file {file}") from None
            raise
