"""What one test leaves behind in a process that runs several: put back where that is safe, reported where it isn't.

Only hand-ins that keep to their own modules share a process; see `reach_out`. So this looks after what ordinary code
changes, not after every corner of Python.
"""

from __future__ import annotations

import _thread
import fcntl
import gc
import os
import select
import stat
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from operator import is_not
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from grader.sandbox.removal import remove
from grader.testing.view import tidied

_LISTS = ("path", "meta_path", "path_hooks", "argv", "warnoptions")
_DESCRIPTORS = 64
"""Descriptors that are compared: a child gets the lowest free ones."""
Setting = tuple[Callable[[], Any], Callable[[Any], object]]
"""A function that reads a setting, and one that puts it back."""


class Leftovers:
    """The state of this process before its first test."""

    def __init__(self, roots: Sequence[Path], work: Path) -> None:
        """Remember the state. Modules of files below `roots` or `work` are forgotten after each test."""
        self._roots = tuple(f"{root}{os.sep}" for root in (*roots, work))
        self._work = work
        self._modules: dict[str, ModuleType] = dict(sys.modules)
        self._lists = {name: list(getattr(sys, name)) for name in _LISTS}
        self._filters = list(warnings.filters)
        self._environment = _raw_environment()

    def begin(self) -> None:
        """Remember what only the forked process has, such as its descriptors; called before its first test."""
        self._asked = select.poll()
        for number in range(_DESCRIPTORS):
            self._asked.register(number, 0)
        self._descriptors = self._open()
        self._mode = stat.S_IMODE(os.stat(self._work).st_mode)
        self._settings = [(read, restore, read()) for read, restore in _settings(self._modules.get("torch"))]

    def undo(self) -> bool:
        """Put back what a test changed; False if something can't be, so that no other test may run in this process."""
        try:
            return self._undo()
        except Exception:  # a hand-in may leave anything behind, also objects that raise when they are compared
            return False

    def _undo(self) -> bool:
        if _thread._count():
            return False
        self._undo_modules()
        for name, items in self._lists.items():
            getattr(sys, name)[:] = items
        for read, restore, value in self._settings:
            if read() != value:  # torch imports hundreds of modules to set a switch that is set already
                restore(value)
        if warnings.filters != self._filters:
            warnings.filters[:] = self._filters  # type: ignore[index]  # typeshed calls the list a sequence
            warnings._filters_mutated()  # type: ignore[attr-defined]  # as warnings.filterwarnings does
        if _raw_environment() != self._environment:
            os.environ.clear()
            os.environ.update({os.fsdecode(name): os.fsdecode(value) for name, value in self._environment.items()})
        os.chdir(self._work)
        os.chmod(self._work, self._mode)
        if not tidied(self._work, remove):
            for entry in os.listdir():
                remove(entry)
        gc.collect()  # finds what the hand-in's modules held in circles, and closes their files
        return self._open() == self._descriptors and not self._survives()

    def _open(self) -> dict[int, tuple[int, ...]]:
        """The open files, which can't be put back."""
        # one system call says which numbers are closed: a closed one is reported always
        closed = {number for number, state in self._asked.poll(0) if state & select.POLLNVAL}
        return {number: _descriptor(number) for number in range(_DESCRIPTORS) if number not in closed}

    def _survives(self) -> bool:
        """Whether something still holds a function of the hand-in, such as a codec, a hook or a finalizer."""
        functions = (item for item in gc.get_objects() if type(item) is FunctionType)
        return any(item.__code__.co_filename.startswith(self._roots) for item in functions)

    def _undo_modules(self) -> None:
        """Forget the hand-in's modules, whatever their names; libraries that a test loaded stay, and count from now."""
        # new ones come last: a look at all names would copy the memory that a process shares with its zygote
        last = next(reversed(self._modules))
        for name in reversed(list(takewhile(lambda name: name != last, reversed(sys.modules)))):
            if name in self._modules:
                continue
            module = sys.modules[name]
            file = getattr(getattr(module, "__spec__", None), "origin", None)
            if not isinstance(file, str) or file.startswith(self._roots):
                del sys.modules[name]
            else:
                self._modules[name] = module
        # `map` looks at torch's thousand modules without a loop of Python; `==` would ask a module that lies
        now, before = sys.modules.values(), self._modules.values()
        if len(now) != len(before) or any(map(is_not, now, before)):
            sys.modules.clear()
            sys.modules.update(self._modules)


def _raw_environment() -> dict[bytes, bytes]:
    """The environment, not decoded: this is read after every test."""
    return dict(os.environ._data)  # type: ignore[attr-defined]  # typeshed leaves it out


def _descriptor(number: int) -> tuple[int, ...]:
    state = os.fstat(number)
    return state.st_dev, state.st_ino, fcntl.fcntl(number, fcntl.F_GETFL), fcntl.fcntl(number, fcntl.F_GETFD)


def _settings(torch: Any) -> Iterator[Setting]:
    """The settings of Python and numpy, and of torch if it is loaded, that ordinary code changes."""
    yield sys.getrecursionlimit, sys.setrecursionlimit
    yield np.geterr, lambda value: np.seterr(**value)
    yield np.geterrcall, np.seterrcall
    yield np.get_printoptions, lambda value: np.set_printoptions(**value)
    yield np.getbufsize, np.setbufsize
    if torch is not None:
        yield torch.get_default_dtype, torch.set_default_dtype
        yield torch.is_grad_enabled, torch.set_grad_enabled
        yield torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms
        yield torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly
