"""Imports a reference solution the way a course does (flat modules on sys.path), without leaving it in sys.modules."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent


def load_reference(assignment: str, path: Sequence[str], names: Sequence[str]) -> SimpleNamespace:
    """Return the named modules of `reference/<assignment>`, each imported from the folders in `path`.

    Two assignments share module names (`linear`, `loss`), so whatever was imported is taken out of
    `sys.modules` again: the next caller gets modules of its own.
    """
    folder = ROOT / "reference" / assignment
    before = set(sys.modules)
    saved_path = sys.path[:]
    sys.path[:0] = [str(folder / entry) for entry in path]
    importlib.invalidate_caches()
    try:
        return SimpleNamespace(**{name.replace(".", "_"): importlib.import_module(name) for name in names})
    finally:
        sys.path[:] = saved_path
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]
