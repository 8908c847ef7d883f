"""The last resort where no layer guards files: the answers can't be opened while student code runs.

A plain user without Landlock shares its files with student code. The fixtures are in the judge's memory by then, so
their folder is closed, and the filter of system calls keeps the code from opening it again.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import InternalError


@contextmanager
def concealed(folders: Collection[Path], layers: Collection[str], *, demanded: bool) -> Iterator[None]:
    """Close `folders` for the time of the block, unless a layer keeps student code from them anyway.

    Args:
        folders: what holds answers.
        layers: the layers that hold.
        demanded: whether to refuse where nothing guards the files: for root, whom a mode doesn't bind.

    Raises:
        InternalError: where that is demanded and can't be had.
    """
    if {"landlock", "uid"} & set(layers):
        yield
        return
    if os.geteuid() == 0 and demanded:
        raise InternalError(
            "nothing here keeps student code from reading the answers: the kernel has no Landlock, and there is no "
            "user grader-worker; run setup.sh, which makes it, or grade as a plain user"
        )
    modes = {folder: folder.stat().st_mode for folder in folders if folder.is_dir()}
    try:
        for folder in modes:
            folder.chmod(0)
        yield
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)
