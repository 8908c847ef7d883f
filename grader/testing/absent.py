"""Stand-ins for modules that a submission imports, that are absent here, and that don't matter to the homework.

Editions of a course rename their helper package. So `from common.helpers import softmax_loss` gets the function of
`a3_helper`, if the course's helpers have all imported names. Hand-ins also hold code that draws or shows progress,
mostly below `if __name__ == "__main__"`; that code does nothing here. Nor does an import whose names aren't used.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from grader.testing.own import is_own

DRAWING = frozenset({"matplotlib", "pylab", "mpl_toolkits", "seaborn", "plotly", "IPython", "google"})
"""Packages that draw or belong to a notebook; no graded value comes from them."""
PROGRESS = "tqdm"


def importing_frame(root: Path) -> FrameType | None:
    """Return the frame of the current import, if it is in a file below `root`.

    Frames without a file (`exec`, the frozen importer) and frames of importlib are skipped: their caller counts.
    """
    frame: FrameType | None = sys._getframe(1)
    here = str(Path(__file__).parent)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(("<", here)) and file != importlib.__file__:
            return frame if is_own(file, root) else None
        frame = frame.f_back
    return None


class StandIns(Loader):
    """A finder for the end of `sys.meta_path`: it is asked only for modules that no other finder has."""

    def __init__(self, root: Path, helpers: Path | None) -> None:
        """Serve imports from files below `root`; `helpers` is the folder of the course's own modules."""
        self._root = root
        self.helpers = helpers
        """None if no helpers stand in."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a package that draws, shows progress or isn't used, or one from which only helpers are imported."""
        frame = importing_frame(self._root)
        if frame is None:
            return None
        top = name.partition(".")[0]
        tree = ast.parse(Path(frame.f_code.co_filename).read_bytes())
        wanted = _wanted(tree, frame.f_lineno, name)
        if top == PROGRESS or (top not in DRAWING and wanted and wanted <= self._lent().keys()):
            return ModuleSpec(name, self, is_package=True)
        if top in DRAWING or _is_unused(tree, frame.f_lineno, top):
            return ModuleSpec(name, self, is_package=True, loader_state=_Drawing)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make a module that has every name, for a package that draws or isn't used; None for an ordinary one."""
        return _Drawing(spec.name) if spec.loader_state is _Drawing else None

    def exec_module(self, module: ModuleType) -> None:
        """Put the stand-in's names into a module."""
        top = module.__name__.partition(".")[0]
        if top == PROGRESS:
            names = {"tqdm": _Bar, "tqdm_notebook": _Bar, "trange": lambda *args, **_: _Bar(range(*args))}
            vars(module).update(names)
        elif not isinstance(module, _Drawing):
            vars(module).update(self._lent())

    def _lent(self) -> Mapping[str, Any]:
        import pkgutil  # few hand-ins need it

        lent: dict[str, Any] = {}
        for entry in pkgutil.iter_modules([str(self.helpers)]) if self.helpers is not None else ():
            helper = importlib.import_module(entry.name)
            lent |= {name: value for name, value in vars(helper).items() if not name.startswith("_")}
        return lent


def _wanted(tree: ast.Module, line: int, module: str) -> set[str]:
    """The names that an import statement imports from `module`; empty if it imports the whole module."""
    for node in _imports(tree, line):
        if isinstance(node, ast.ImportFrom):
            asked = node.module or ""
            if node.level == 0 and (asked == module or asked.startswith(f"{module}.")):
                return {alias.name for alias in node.names} - {"*"}
    return set()


def _is_unused(tree: ast.Module, line: int, package: str) -> bool:
    """Whether a file only imports names of a package and uses none of them, except where it runs as a program.

    Editors add such imports by themselves. An import that another statement handles, in a `try`, may fail.
    """
    names: set[str] = set()
    for node in _imports(tree, line):
        if isinstance(node, ast.Import):
            names |= {alias.asname or package for alias in node.names if alias.name.partition(".")[0] == package}
        elif node.level == 0 and (node.module or "").partition(".")[0] == package:
            names |= {alias.asname or alias.name for alias in node.names}
    kept = ast.Module([node for node in tree.body if not _is_program(node)], [])
    used = {node.id for node in ast.walk(kept) if isinstance(node, ast.Name)}
    handled = any(isinstance(node, ast.Try) and _covers(node, line) for node in ast.walk(tree))
    return bool(names) and "*" not in names and not names & used and not handled


def _is_program(node: ast.stmt) -> bool:
    """Whether a statement is the part below `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and "__name__" in {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}


def _imports(tree: ast.Module, line: int) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements at a line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and _covers(node, line):
            yield node


def _covers(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


class _Drawing(ModuleType):
    """A module that has every name; each value accepts any call and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        from unittest.mock import MagicMock  # slow to import, and seldom needed

        value = MagicMock(name=f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


def stood_in(value: object) -> str:
    """Return the absent module of which a value stands for a part; empty for a value of any other kind."""
    if type(value).__module__ != "unittest.mock":
        return ""
    drawn = (module for module in list(sys.modules.values()) if isinstance(module, _Drawing))
    return next((module.__name__ for module in drawn if any(item is value for item in vars(module).values())), "")


class _Bar:
    """An iterable that shows no progress bar but accepts tqdm's method calls."""

    def __init__(self, iterable: Iterable[Any] = (), *_: object, **__: object) -> None:
        self._iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self._iterable)

    def __len__(self) -> int:
        return len(self._iterable)  # type: ignore[arg-type]  # fails without a length, as tqdm does

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None
