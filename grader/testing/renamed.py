"""Course helpers under another name: `from common.helpers import softmax_loss` finds what `a3_helper` has.

Editions of a course rename their helper package. What it is called doesn't matter to the homework, so a package that
isn't there is lent the helpers, if all that the submission asks it for is among them.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any


class RenamedHelpers(Loader):
    """A finder for the end of `sys.meta_path`: asked only for modules that nobody else has."""

    def __init__(self, helpers: Path, root: Path) -> None:
        """Lend the modules in `helpers` to imports from files below `root`."""
        self._helpers = helpers
        self._root = root

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module if the import statement that asks for it wants nothing but helpers."""
        wanted = self._wanted(name)
        if not wanted or not wanted <= self._lent().keys():
            return None
        return ModuleSpec(name, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        """Fill a module with all helpers."""
        vars(module).update(self._lent())

    def _lent(self) -> Mapping[str, Any]:
        lent: dict[str, Any] = {}
        for entry in pkgutil.iter_modules([str(self._helpers)]):
            helper = importlib.import_module(entry.name)
            lent |= {name: value for name, value in vars(helper).items() if not name.startswith("_")}
        return lent

    def _wanted(self, module: str) -> set[str]:
        """The names that the submission's import statement takes from `module`; empty where it takes it whole."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename.startswith("<frozen"):
            frame = frame.f_back
        if frame is None or not Path(frame.f_code.co_filename).is_relative_to(self._root):
            return set()
        tree = ast.parse(Path(frame.f_code.co_filename).read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.lineno <= frame.f_lineno <= (node.end_lineno or node.lineno):
                asked = node.module or ""
                if node.level == 0 and (asked == module or asked.startswith(f"{module}.")):
                    return {alias.name for alias in node.names} - {"*"}
        return set()
