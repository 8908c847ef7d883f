"""Which files below a student's folder are the student's.

A virtual environment in that folder, where editors put it, holds numpy and pytest, and the handout has this package.
"""

from __future__ import annotations

import functools
import os
import sysconfig
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]


@functools.cache
def foreign_folders(root: Path) -> tuple[str, ...]:
    """Return the folders below `root` that hold this interpreter's libraries or this package, each with a separator.

    The interpreter says where its libraries are. A name such as site-packages isn't enough, because a hand-in could
    have a folder of that name.
    """
    root = root.resolve()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [Path(path).resolve() for name in names if (path := sysconfig.get_path(name))]
    below = [folder for folder in [*folders, _PACKAGE] if folder != root and folder.is_relative_to(root)]
    return tuple(f"{folder}{os.sep}" for folder in dict.fromkeys(below))


def is_own(file: str, root: Path) -> bool:
    """Whether a file, named by an absolute path, is below `root` and the student's; `root` must be resolved."""
    return file.startswith(f"{root}{os.sep}") and not file.startswith(foreign_folders(root))
