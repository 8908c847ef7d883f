"""What one test leaves behind in a process that runs several: put back where that is safe, reported where it isn't.

It keeps honest tests apart, so that a test passes in a shared process only if it passes alone. It is no wall: code
that hides its traces from it can carry state from test to test. `docs/security.md` says why that earns nothing.
"""

from __future__ import annotations

import _thread
import contextlib
import copy
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

_OFTEN_USED = frozenset(
    {
        *("torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.modules.module", "torch.nn.parameter"),
        *("torch.optim", "torch.autograd", "torch.random", "torch.linalg", "torch._tensor", "torch.utils.data"),
    }
)
"""torch's modules whose attributes are put back; to compare its other 1,500 would take longer than most tests."""
_CLASSES_OF = ("numpy", "numpy.random", "numpy.linalg", *sorted(_OFTEN_USED))
"""Modules whose classes, functions, lists and dicts are put back too."""
_LISTS = ("path", "meta_path", "path_hooks", "argv", "warnoptions")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGSEGV, signal.SIGFPE, signal.SIGABRT)

Attributes = tuple[Any, dict[str, Any]]
"""A module, class or function with a copy of its attributes."""


class Leftovers:
    """The state of this process before its first test."""

    def __init__(self, root: Path, work: Path) -> None:
        """Remember the state; a hand-in's modules are those of files below `root` or `work`."""
        self._roots = (f"{root}{os.sep}", f"{work}{os.sep}")
        self._work = work
        self._modules: dict[str, ModuleType] = dict(sys.modules)
        self._spaces: dict[str, Attributes] = {}
        self._sizes: dict[str, int] = {}
        """The number of attributes of a module that isn't in `_spaces`."""
        for name, module in self._modules.items():
            self._watch(name, module)
        used = [vars(self._modules[name]) for name in _CLASSES_OF if name in self._modules]
        members = [member for space in used for member in space.values()]
        self._classes = [(item, dict(vars(item))) for item in members if isinstance(item, type) and _mutable(item)]
        functions = [item for item in members if isinstance(item, FunctionType)]
        self._functions = [(item, dict(vars(item))) for item in functions]
        self._parts = [(item, _parts(item)) for item in functions]
        self._containers = [(item, copy.copy(item)) for item in members if type(item) in (dict, list, set)]
        self._lists = {name: list(getattr(sys, name)) for name in _LISTS}
        self._settings = [(restore, read()) for read, restore in _settings(self._modules)]
        self._filters = list(warnings.filters)
        self._environment = dict(os.environ)
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
        clean = self._undo_attributes()
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
        os.chdir(self._work)
        for entry in os.listdir():
            remove(entry)
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
            self._spaces[name] = (module, dict(vars(module)))
        else:
            self._sizes[name] = len(vars(module))

    def _undo_attributes(self) -> bool:
        for name, (module, saved) in self._spaces.items():
            if _changed(vars(module), saved):
                # a submodule that was imported stays, as it stays in sys.modules
                kept = {key: value for key, value in vars(module).items() if isinstance(value, ModuleType)}
                self._spaces[name] = _put_back(module, {**kept, **saved})
        self._classes = [_put_back(*item) if _changed(vars(item[0]), item[1]) else item for item in self._classes]
        self._functions = [_put_back(*item) if _changed(vars(item[0]), item[1]) else item for item in self._functions]
        for item, content in self._containers:
            if item != content:
                item.clear()
                item.extend(content) if isinstance(item, list) else item.update(content)
        for name, size in self._sizes.items():
            space = vars(self._modules[name])
            if len(space) != size:
                if len(space) < size or not all(isinstance(value, ModuleType) for value in list(space.values())[size:]):
                    return False
                self._sizes[name] = len(space)
        return all(_parts(item) == parts for item, parts in self._parts)


def _changed(space: Mapping[str, Any], saved: Mapping[str, Any]) -> bool:
    return len(space) != len(saved) or not all(map(is_, space.values(), saved.values()))


def _put_back(owner: Any, saved: dict[str, Any]) -> Attributes:
    space = vars(owner)
    for key in space.keys() - saved.keys():
        delattr(owner, key)
    for key, value in saved.items():
        if space.get(key, _MISSING) is not value:
            setattr(owner, key, value)
    return owner, dict(vars(owner))  # in their new order


_MISSING = object()


def _mutable(item: type) -> bool:
    return bool(item.__flags__ & 1 << 9)  # Py_TPFLAGS_HEAPTYPE: a class that Python code can change


def _parts(function: FunctionType) -> tuple[int, ...]:
    """What else of a function can be replaced, by identity."""
    return (id(function.__code__), id(function.__defaults__), id(function.__kwdefaults__))


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
