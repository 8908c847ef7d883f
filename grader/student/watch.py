"""Runs something again whenever a file of the student's changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_SECONDS = 0.4
"""Between two looks. A handout has few files, so looking is cheap and needs no library."""
_PASSED_OVER = frozenset({"autograder", "__pycache__", "node_modules", "data"})
_MOST_FILES = 2000

State = Mapping[str, tuple[int, int]]


def state_of(folder: Path) -> State:
    """Return the files that a student may edit, each with its time and size."""
    found: dict[str, tuple[int, int]] = {}
    for here, folders, names in os.walk(folder):
        # neither the handout's own package nor hidden folders nor virtual environments
        folders[:] = [
            name
            for name in folders
            if name not in _PASSED_OVER
            and not name.startswith(".")
            and not os.path.exists(os.path.join(here, name, "pyvenv.cfg"))
        ]
        for name in names:
            if name.endswith((".py", ".toml", ".ipynb")) and len(found) < _MOST_FILES:
                path = os.path.join(here, name)
                try:
                    status = os.stat(path)
                except OSError:
                    continue  # an editor is replacing it
                found[path] = (status.st_mtime_ns, status.st_size)
    return found


def watch(folder: Path, run: Callable[[], None]) -> None:
    """Call `run` now and after each change, until KeyboardInterrupt."""
    while True:
        before = state_of(folder)
        run()
        while state_of(folder) == before:
            time.sleep(_SECONDS)
        time.sleep(_SECONDS / 4)  # an editor may write several files
