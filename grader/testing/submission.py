"""The `submission` that a test uses: modules and names of a hand-in, looked up late.

A missing file or class fails only the tests that use it; the message names the expected file and name.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from copy import copy
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from grader.recording import LACKING, NEAREST
from grader.testing.absent import DRAWING, StandIns, importing_frame, stood_in
from grader.testing.cells.places import origin, reason_for
from grader.testing.compiled import CompiledOnce
from grader.testing.layout import Layout
from grader.testing.numpy_1 import accept_numpy_1
from grader.testing.own import is_own
from grader.text import without_marks


class NotFound(Exception):  # not a grader error, so not in grader/errors.py
    """A file or a name that a test needs isn't in the submission."""


class Forbidden(ImportError):
    """The submission imports a package that the assignment forbids."""


class _Finder:
    """Finds the submission's own modules before installed packages of the same name, and refuses forbidden ones.

    A student's `linear.py` has priority over an installed package of that name. The standard library has priority over
    both, because the libraries loaded beside the submission import parts of it late.
    """

    def __init__(self, path: Sequence[str], forbid: Sequence[str], root: Path, stand_ins: StandIns) -> None:
        self.path = list(path)
        self.stand_ins = stand_ins
        self.forbid = frozenset(forbid)
        self.root = root
        self.layout = Layout(root, path)
        self.prefers: Callable[[str], bool] | None = None
        """Which of several files of one name is taken, wherever it is on the path; None takes the first."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top = name.partition(".")[0]
        if self.forbids(name) and importing_frame(self.root) is not None:
            raise Forbidden(f"the submission imports {top}, which this assignment doesn't allow")
        if top in sys.stdlib_module_names:
            return None
        if top in DRAWING and self._in_cells():
            return self.stand_ins.find_spec(name)
        if path is not None:  # a package's module: of the submission's own packages alone
            if top in self.layout.packages:
                return _loaded(self.layout.find(name))
            path = [entry for entry in path if entry.startswith(f"{self.root}{os.sep}")]
            return _loaded(PathFinder.find_spec(name, path)) if path else None
        if self.prefers is None:
            usual = _loaded(PathFinder.find_spec(name, self.path))
            if usual is not None and usual.origin is not None:
                return self.layout.located(usual)
            return _loaded(self.layout.find(name)) if top in self.layout.packages else usual
        found = [spec for entry in self.path if (spec := PathFinder.find_spec(name, [entry])) is not None]
        own = [spec for spec in found if spec.origin is not None and self.prefers(spec.origin)]
        others = [spec for spec in found if spec.origin is not None]
        return _loaded(next(iter(own or others or found), None))

    def _in_cells(self) -> bool:
        """Whether a notebook's module imports: what draws there is slow to load, and no graded value comes from it."""
        frame = importing_frame(self.root)
        return frame is not None and bool(origin(Path(frame.f_code.co_filename)))

    def again(self, stand_ins: StandIns) -> _Finder:
        """Return a finder for the same folders that knows of no module yet."""
        fresh = copy(self)
        fresh.stand_ins, fresh.layout = stand_ins, self.layout.again()
        return fresh

    def forbids(self, name: str) -> bool:
        """Whether a module belongs to a forbidden package."""
        return name.partition(".")[0] in self.forbid


def _loaded(spec: ModuleSpec | None) -> ModuleSpec | None:
    """A module's spec with the loader for cells if `convert` made the module, else with one that compiles once."""
    if spec is None or not isinstance(spec.loader, SourceFileLoader) or not isinstance(spec.origin, str):
        return spec
    if origin(spec.origin):
        from grader.testing.cells.load import CellLoader  # the zygote loads it early for a hand-in with cells

        spec.loader = CellLoader(spec.loader.name, spec.loader.path)
        spec.cached = None
    elif type(spec.loader) is SourceFileLoader:
        spec.loader = CompiledOnce(spec.loader.name, spec.loader.path)
    return spec


class Submission:
    """Gives tests the modules of a hand-in: `submission.dropout.Dropout`, `submission("nn.layers").Linear`."""

    def __init__(self, root: Path, path: Sequence[str], forbid: Sequence[str], helpers: Path | None = None) -> None:
        """Describe a hand-in below `root`.

        Args:
            root: the clean folder that holds the submission's files.
            path: folders below `root` that go on `sys.path`, in order.
            forbid: packages whose import from the submission's files is refused.
            helpers: a folder of modules that the course provides, searched after the submission. A submission may also
                import them by other names.
        """
        self._root = root
        self._path = [str((root / entry).resolve()) for entry in path]
        self._helpers = [str(helpers)] if helpers is not None and helpers.is_dir() else []
        self._stand_ins = StandIns(root.resolve(), Path(self._helpers[0]) if self._helpers else None)
        self._finder = _Finder([*self._path, *self._helpers], forbid, root.resolve(), self._stand_ins)
        self._proxies: dict[str, Module] = {}
        self._copies: TemporaryDirectory[str] | None = None
        """Holds copies of files that mark answers."""
        self._hidden: dict[str, ModuleType] = {}
        self._last = ""
        """The module that was loaded last when the submission became importable."""

    def again(self) -> Submission:
        """Return the same hand-in for a test that follows: nothing is loaded, and no path is looked up again."""
        fresh = copy(self)
        fresh._stand_ins = StandIns(self._finder.root, self._stand_ins.helpers)
        fresh._finder = self._finder.again(fresh._stand_ins)
        fresh._proxies, fresh._hidden, fresh._last = {}, {}, ""
        return fresh

    def install(self) -> None:
        """Make the submission's modules importable."""
        sys.path.extend([*self._path, *self._helpers])
        sys.meta_path.insert(0, self._finder)
        sys.meta_path.append(self._stand_ins)
        accept_numpy_1()
        self._hidden = {}
        self._last = next(reversed(sys.modules))
        if any(name in sys.modules for name in self._finder.forbid):
            # finders aren't asked for a package that is already loaded, so hide it from the submission
            self._hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if self._finder.forbids(name)}

    def uninstall(self) -> None:
        """Undo `install` and forget the submission's modules, so that the next test imports them again."""
        sys.meta_path.remove(self._finder)
        sys.meta_path.remove(self._stand_ins)
        for entry in [*self._path, *self._helpers]:
            sys.path.remove(entry)
            sys.path_importer_cache.pop(entry, None)
        root = self._root.resolve()
        helpers = tuple(f"{folder}{os.sep}" for folder in self._helpers)
        for name, file in self._later():
            loader = getattr(getattr(sys.modules[name], "__spec__", None), "loader", None)
            made = loader is self._stand_ins or loader is self._finder.layout
            if made or is_own(file, root) or file.startswith(helpers):
                del sys.modules[name]
        sys.modules.update(self._hidden)
        self._proxies.clear()

    def imported(self) -> list[str]:
        """Return the hand-in's files that are loaded as modules, relative to its folder."""
        root = self._root.resolve()
        return sorted({Path(file).relative_to(root).as_posix() for _, file in self._later() if is_own(file, root)})

    def _later(self) -> list[tuple[str, str]]:
        """Names and files of the modules that were loaded since `install`.

        A look at all of torch's would copy the memory that a process shares with its twin.
        """
        names = takewhile(lambda name: name != self._last, reversed(sys.modules))
        return [(name, getattr(sys.modules[name], "__file__", None) or "") for name in names]

    def __getattr__(self, name: str) -> Module:
        if name.startswith("__"):
            raise AttributeError(name)
        return self(name)

    def __call__(self, name: str) -> Module:
        """Return the module called `name`, with dots for packages, without importing it yet."""
        return self._proxies.setdefault(name, Module(self, name))

    def file(self, name: str) -> Path:
        """Return the path of a file of the hand-in, such as `predictions.npy`; a missing one fails only this test.

        A file of the reference that marks its answers is given as students hand it in, as a copy without the marks.
        """
        path = self._root / name
        if not path.is_file():
            raise NotFound(f"the submission has no file {name}")
        data = path.read_bytes()
        plain = without_marks(data)
        if path.suffix in (".py", ".ipynb") or plain == data:
            return path
        if self._copies is None:
            self._copies = TemporaryDirectory(prefix="grader-answers-")
        copy = Path(self._copies.name) / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(plain)
        return copy

    def own_modules(self) -> set[str]:
        """Return the names of the top-level modules that the submission and the course's own files have."""
        return {entry.stem for folder in (*self._path, *self._helpers) for entry in Path(folder).glob("*")}

    def file_of(self, name: str) -> str:
        """Return the path where module `name` is expected, relative to the submission, for messages."""
        tail = name.replace(".", "/")
        for entry in self._path:
            for candidate in (Path(entry) / f"{tail}.py", Path(entry) / tail / "__init__.py"):
                if candidate.is_file():
                    return origin(candidate) or candidate.relative_to(self._root.resolve()).as_posix()
        first = Path(self._path[0]) if len(self._path) == 1 else None
        prefix = first.relative_to(self._root.resolve()).as_posix() + "/" if first else ""
        return f"{prefix.removeprefix('./')}{tail}.py"


class Module:
    """One module of the submission, imported at the first access to a name."""

    def __init__(self, submission: Submission, name: str) -> None:
        self._submission = submission
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        module = self._load()
        try:
            value = getattr(module, name)
            absent = stood_in(value)
            if not absent:
                return value
            file = self._file_of(module)
            raise NotFound(f"{file} takes {name!r} from {absent}, which isn't here; define it in {file}")
        except AttributeError:
            if hasattr(module, "__path__") and find_spec(f"{self._name}.{name}") is not None:
                return self._submission(f"{self._name}.{name}")  # a module of the package that nothing imported yet
            reason = reason_for(module, name)
            if reason is not None:
                raise reason from None
            file = self._file_of(module)
            import difflib  # needed only for this message

            own = [other for other in vars(module) if not other.startswith("_")]
            near = difflib.get_close_matches(name, own, n=1, cutoff=0.6)
            said = LACKING.format(file=file, name=name) + (NEAREST.format(name=near[0]) if near else "")
            raise NotFound(said) from None

    def _file_of(self, module: ModuleType) -> str:
        """The student's name of the file that a module is from, for messages."""
        return origin(Path(module.__file__ or "")) or self._submission.file_of(self._name)

    def _load(self) -> ModuleType:
        try:
            module = importlib.import_module(self._name)
        except ModuleNotFoundError as error:
            # NotFound only if this module itself is missing; a failed import inside it is the student's error
            if error.name is not None and (self._name == error.name or self._name.startswith(error.name + ".")):
                file = self._submission.file_of(self._name)
                raise NotFound(f"the submission has no file {file}") from None
            raise
        # another file of the hand-in imports it without using it, or has it drawn
        if isinstance(getattr(module.__spec__, "loader", None), StandIns):
            raise NotFound(f"the submission has no file {self._submission.file_of(self._name)}")
        return module
