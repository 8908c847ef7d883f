"""A writable view of a read-only tree, made in the current folder: links to the tree's files, copied when written to.

A suite and a hand-in together may have thousands of files, and a test writes to few of them. So a test's folder holds
links. Before code writes to a linked file, or makes a file in a linked folder, the link is replaced by a copy.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

LINKS = 2000
"""About as many links are made; a folder beyond them is linked as a whole, until something writes into it."""
WIDE = 200
"""A folder with more entries is linked as a whole, except for the uppermost one."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PLACES = {
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "shutil.rmtree": (0,),
    "sqlite3.connect": (0,),
}
"""Actions that change a folder or a file, and which of their arguments are its path."""
_current: list[View] = []
"""The view of the running test, and whether the hook is installed: a hook can't be removed."""


class View:
    """The links below one folder."""

    def __init__(self, tree: Path, folder: Path) -> None:
        """Link everything in `tree` into `folder`; what is there already stays."""
        self._tree = os.path.realpath(tree)
        self.folder = os.path.realpath(folder)
        self._busy = False
        self._made = {""}
        """The folders that aren't links."""
        left = LINKS
        waiting = deque([""])
        while waiting:
            inside = waiting.popleft()
            source, target = os.path.join(self._tree, inside), os.path.join(self.folder, inside)
            names = os.listdir(source)
            if inside and (len(names) > min(WIDE, left)):
                _link(source, target)
                self._made.discard(inside)
                continue
            os.makedirs(target, exist_ok=True)
            there = set(os.listdir(target))
            for entry in os.scandir(source):
                path = os.path.join(inside, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                    self._made.add(path)
                else:
                    if entry.name not in there:
                        os.symlink(entry.path, os.path.join(target, entry.name))
                    left -= 1

    def install(self) -> None:
        """Watch this process's actions for those that write into the view."""
        if not _current:
            sys.addaudithook(_watch)
        _current[:] = [self]

    def tidy(self, remove: Callable[[str], object]) -> None:
        """Remove everything but links that are as they were made."""
        for inside in sorted(self._made):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                for entry in os.scandir(os.path.join(self.folder, inside)):
                    path = os.path.join(inside, entry.name)
                    if entry.is_symlink() and os.readlink(entry.path) == os.path.join(self._tree, path):
                        continue
                    if path not in self._made or not entry.is_dir(follow_symlinks=False):
                        remove(entry.path)

    def prepare(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Replace links by copies where an action writes."""
        if self._busy:
            return
        if event == "open":
            path, mode, flags = arguments
            if not (isinstance(mode, str) and set(mode) & set("wax+")) and not (flags or 0) & _WRITES:
                return
            paths = [path]
        elif event in _PLACES:
            paths = [arguments[place] for place in _PLACES[event]]
        else:
            return
        self._busy = True
        try:
            for path in paths:
                with contextlib.suppress(OSError, TypeError, ValueError):  # the action itself then says what is wrong
                    self._own(os.path.abspath(os.fsdecode(path)), whole=event == "shutil.rmtree")
        finally:
            self._busy = False

    def _own(self, path: str, *, whole: bool) -> None:
        inside = os.path.relpath(path, self.folder)
        if inside.startswith(os.pardir):
            return
        place = self.folder
        for part in inside.split(os.sep):
            place = os.path.join(place, part)
            self._copy(place)
        if whole:
            for folder, names, files in os.walk(place):
                for name in (*names, *files):
                    self._copy(os.path.join(folder, name))

    def _copy(self, place: str) -> None:
        """Replace one link into the tree by a copy; of a folder, by a folder of links."""
        if not os.path.islink(place):
            return
        target = os.readlink(place)
        if not target.startswith(self._tree + os.sep):
            return
        os.unlink(place)
        if os.path.isdir(target):
            os.mkdir(place)
            for name in os.listdir(target):
                _link(os.path.join(target, name), os.path.join(place, name))
        else:
            shutil.copyfile(target, place)


def tidied(folder: Path, remove: Callable[[str], object]) -> bool:
    """Remove what a test left in the view in a folder; False if there is no view in it."""
    if not _current or os.path.realpath(folder) != _current[0].folder:
        return False
    _current[0].tidy(remove)
    return True


def _link(source: str, target: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.symlink(source, target)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" or event in _PLACES:
        prepare: Callable[[str, tuple[Any, ...]], None] = _current[0].prepare
        prepare(event, arguments)
