"""What one test leaves behind in a process that runs several: put back where that is safe, reported where it isn't.

It keeps honest tests apart, so that a test passes in a shared process only if it passes alone. It is no wall: code
that hides its traces from it can carry state from test to test. `docs/security.md` says why that earns nothing.
"""

from __future__ import annotations

import _thread
import builtins
import contextlib
import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from operator import is_
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from grader.sandbox.removal import remove

_PUT_BACK = ("sys", "builtins")
"""Modules whose attributes are put back one by one; a change in another module ends the process's work."""
_OFTEN_USED = frozenset(
    {
        *("torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.modules.module", "torch.nn.parameter"),
        *("torch.optim", "torch.autograd", "torch.random", "torch.linalg", "torch._tensor", "torch.utils.data"),
    }
)
"""torch's modules whose attributes are compared; its other 1,500 would take longer than most tests."""
_CLASSES_OF = ("numpy", "numpy.random", "numpy.linalg", *sorted(_OFTEN_USED))
"""Modules whose classes and functions are compared too."""
_LISTS = ("path", "meta_path", "path_hooks", "argv", "warnoptions")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGSEGV, signal.SIGFPE, signal.SIGABRT)

Snapshot = tuple[Any, ...]


class Leftovers:
    """The state of this process before its first test."""

    def __init__(self, root: Path, work: Path) -> None:
        """Remember the state; a hand-in's modules are those of files below `root` or `work`."""
        self._roots = (f"{root}{os.sep}", f"{work}{os.sep}")
        self._work = work
        self._modules: dict[str, ModuleType] = dict(sys.modules)
        self._spaces: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        """Of a watched module, its attributes, and a copy of them."""
        self._sizes: dict[str, int] = {}
        """Of another module, the number of its attributes."""
        for name, module in self._modules.items():
            self._watch(name, module)
        self._members = [
            (member, _members(member))
            for name in _CLASSES_OF
            for member in vars(self._modules.get(name, builtins)).values()
            if isinstance(member, type | FunctionType) and not _immutable(member)
        ]
        self._lists = {name: list(getattr(sys, name)) for name in _LISTS}
        self._settings = [(restore, read()) for read, restore in _settings(self._modules)]
        self._filters = list(warnings.filters)
        self._environment = dict(os.environ)
        self._folder = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
        self._callbacks = list(gc.callbacks)

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
        clean = self._undo_spaces()
        for name, items in self._lists.items():
            getattr(sys, name)[:] = items
        for restore, value in self._settings:
            restore(value)
        if warnings.filters != self._filters:
            warnings.filters[:] = self._filters  # type: ignore[index]  # typeshed calls the list a sequence
            warnings._filters_mutated()  # type: ignore[attr-defined]  # as warnings.filterwarnings does
        if dict(os.environ) != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        gc.callbacks[:] = self._callbacks
        gc.enable()
        os.fchdir(self._folder)
        for entry in os.listdir(self._folder):
            remove(entry, self._folder)
        return clean

    def _undo_modules(self) -> None:
        """Forget the hand-in's modules, whatever their names; libraries that a test loaded stay, and count from now."""
        for name, module in list(sys.modules.items()):
            if self._modules.get(name) is module:
                continue
            file = getattr(getattr(module, "__spec__", None), "origin", None)
            if name in self._modules:
                sys.modules[name] = self._modules[name]
            elif not isinstance(file, str) or file.startswith(self._roots):
                del sys.modules[name]
            else:
                self._modules[name] = module
                self._watch(name, module)
        for name in self._modules.keys() - sys.modules.keys():
            sys.modules[name] = self._modules[name]

    def _watch(self, name: str, module: object) -> None:
        if not isinstance(module, ModuleType):
            return
        if name in _OFTEN_USED or not name.startswith("torch"):
            self._spaces[name] = (vars(module), dict(vars(module)))
        else:
            self._sizes[name] = len(vars(module))

    def _undo_spaces(self) -> bool:
        for name, (space, saved) in self._spaces.items():
            if len(space) == len(saved) and all(map(is_, space.values(), saved.values())):
                continue
            if name not in _PUT_BACK and not self._is_import(space, saved):
                return False
            if name in _PUT_BACK:
                for key in space.keys() - saved.keys():
                    del space[key]
                space.update(saved)
            self._spaces[name] = (space, dict(space))
        for name, size in self._sizes.items():
            if len(vars(self._modules[name])) != size:
                added = list(vars(self._modules[name]).values())[size:]
                if len(added) < 1 or not all(isinstance(value, ModuleType) for value in added):
                    return False
                self._sizes[name] = size + len(added)
        return all(_members(member) == saved for member, saved in self._members)

    @staticmethod
    def _is_import(space: Mapping[str, Any], saved: Mapping[str, Any]) -> bool:
        """Whether all that changed is that submodules were imported."""
        changed = [value for key, value in space.items() if saved.get(key, space) is not value]
        return saved.keys() <= space.keys() and all(isinstance(value, ModuleType) for value in changed)


def _immutable(member: type | FunctionType) -> bool:
    return isinstance(member, type) and not member.__flags__ & 1 << 9  # Py_TPFLAGS_HEAPTYPE


def _members(member: type | FunctionType) -> Snapshot:
    """The parts of a class or a function that code can replace, by identity."""
    if isinstance(member, type):
        return tuple(map(id, vars(member).values()))
    parts = (member.__code__, member.__defaults__, member.__kwdefaults__)
    return (*map(id, parts), *map(id, member.__dict__.values()))


def _settings(modules: Mapping[str, ModuleType]) -> Iterator[tuple[Callable[[], Any], Callable[[Any], object]]]:
    """Pairs of a function that reads a setting and one that puts it back."""
    yield sys.getrecursionlimit, sys.setrecursionlimit
    yield np.geterr, lambda value: np.seterr(**value)
    yield np.geterrcall, np.seterrcall
    yield np.get_printoptions, lambda value: np.set_printoptions(**value)
    yield _umask, os.umask
    yield lambda: None, sys.settrace
    yield lambda: None, sys.setprofile
    yield lambda: (0.0, 0.0), lambda value: signal.setitimer(signal.ITIMER_REAL, *value)
    for number in _SIGNALS:
        yield lambda number=number: signal.getsignal(number), lambda value, number=number: _handle(number, value)  # type: ignore[misc]  # mypy can't type lambdas with defaults
    torch: Any = modules.get("torch")
    if torch is not None:
        yield torch.get_default_dtype, torch.set_default_dtype
        yield torch.is_grad_enabled, torch.set_grad_enabled
        yield torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms
        yield torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly


def _umask() -> int:
    value = os.umask(0o077)
    os.umask(value)
    return value


def _handle(number: signal.Signals, handler: Any) -> None:
    with contextlib.suppress(TypeError):  # None: a handler that Python didn't set
        signal.signal(number, handler)
