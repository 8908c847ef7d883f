"""Which files below a student's folder are the student's.

A virtual environment in that folder, where editors put it, holds numpy and pytest, and the handout has this package.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import pytest

_PACKAGE = Path(__file__).resolve().parents[2]
_LIBRARIES = (
    Path(os.__file__).resolve().parent,
    Path(np.__file__).resolve().parents[1],
    Path(pytest.__file__).resolve().parents[1],
)
"""The folders of Python's own library and of installed packages, found before any of the student's code runs."""

_handouts: set[Path] = set()
"""Folders of handouts' tests; none where hand-ins are graded, because those tests are elsewhere."""


def disown(folder: Path) -> None:
    """Don't take the files in a folder, where a handout has its tests, for the student's."""
    _handouts.add(folder.resolve())
    foreign_folders.cache_clear()


@functools.cache
def foreign_folders(root: Path) -> tuple[str, ...]:
    """Return the folders below `root` that hold libraries, this package or a handout's tests, each with a separator.

    Libraries are where this interpreter found its own. A name such as site-packages isn't enough, because a hand-in
    could have a folder of that name.
    """
    root = root.resolve()
    below = [folder for folder in (*_LIBRARIES, _PACKAGE, *_handouts) if folder != root and folder.is_relative_to(root)]
    return tuple(f"{folder}{os.sep}" for folder in dict.fromkeys(below))


def is_own(file: str, root: Path) -> bool:
    """Whether a file, named by an absolute path, is below `root` and the student's; `root` must be resolved."""
    return file.startswith(f"{root}{os.sep}") and not file.startswith(foreign_folders(root))
