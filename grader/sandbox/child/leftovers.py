"""What one test leaves behind in a process that runs several: put back where that is safe, reported where it isn't.

It keeps honest tests apart, so that a test passes in a shared process only if it passes alone. It is no wall: code
that hides its traces from it can carry state from test to test. `docs/security.md` says why that earns nothing.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import copy
import decimal
import fcntl
import gc
import locale
import os
import resource
import signal
import stat
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
_DEPTH = 3
"""How deep objects in modules are searched for what can be changed: a class's method, a logger's list of handlers."""
_SHORT = 20
"""Items in longer containers aren't searched: those are tables of numbers and names, and cost most of the time."""
_LISTS = ("path", "meta_path", "path_hooks", "argv", "warnoptions")
_DESCRIPTORS = 64
"""Descriptors that are compared: a child gets the lowest free ones."""

Attributes = tuple[Any, dict[str, Any]]
"""A module or class with a copy of its attributes."""


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
        self._classes: list[Attributes] = []
        self._containers: list[tuple[Any, Any]] = []
        self._watched: list[Any] = []
        self._search()
        self._image = gc.get_referents(*self._watched)
        self._lists = {name: list(getattr(sys, name)) for name in _LISTS}
        self._settings: list[tuple[Callable[[], Any], Callable[[Any], object], Any]] = []
        self._filters = list(warnings.filters)
        self._environment = dict(os.environ)
        self._callbacks = list(gc.callbacks)
        self._facts: tuple[Any, ...] | None = None

    def begin(self) -> None:
        """Remember what only the forked process has, such as its descriptors; called before its first test."""
        self._facts = _facts()
        self._mode = stat.S_IMODE(os.stat(self._work).st_mode)
        self._settings = [(read, restore, read()) for read, restore in _settings(self._modules)]

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
        atexit._clear()
        for name, items in self._lists.items():
            getattr(sys, name)[:] = items
        for read, restore, value in self._settings:
            if read() != value:  # torch imports hundreds of modules to set a switch that is set already
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
        os.chmod(self._work, self._mode)
        for entry in os.listdir():
            remove(entry)
        gc.garbage.clear()
        gc.collect()  # finds what the hand-in's modules held in circles, and closes their files
        return clean and _facts() == self._facts and not self._survives()

    def _survives(self) -> bool:
        """Whether something still holds a function of the hand-in, such as a codec, a hook or a finalizer."""
        functions = (item for item in gc.get_objects() if type(item) is FunctionType)
        return any(item.__code__.co_filename.startswith(self._roots) for item in functions)

    def _search(self) -> None:
        """Find what code can change in modules: classes, functions, containers and other objects with attributes."""
        seen = {id(sys.modules), *(id(vars(module)) for module in self._modules.values())}
        found = [value for _, space in self._spaces.values() for value in space.values()]
        for _ in range(_DEPTH):
            parts: list[Any] = []
            for item in found:
                if id(item) in seen or isinstance(item, ModuleType) or _of_torch(item):
                    continue
                seen.add(id(item))
                kind = type(item)
                if isinstance(item, type):
                    if _mutable(item):
                        self._classes.append((item, dict(vars(item))))
                        self._watched += [item, *gc.get_referents(vars(item))]
                        parts += vars(item).values()
                elif kind in (dict, list, set):
                    self._contain(item)
                    if len(item) <= _SHORT:
                        parts += item.values() if kind is dict else item
                elif kind in (classmethod, staticmethod):
                    parts.append(item.__func__)
                elif kind is property:
                    parts += (item.fget, item.fset)
                elif isinstance(getattr(item, "__dict__", None), dict):
                    if kind is FunctionType:
                        self._watched.append(item)
                        parts += (item.__kwdefaults__, item.__annotations__)
                    if id(item.__dict__) not in seen:
                        seen.add(id(item.__dict__))
                        self._contain(item.__dict__)
                        parts += item.__dict__.values()
            found = parts

    def _contain(self, item: Any) -> None:
        self._containers.append((item, copy.copy(item)))
        if not isinstance(item, set):  # its order may change when it is put back
            self._watched.append(item)

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
        clean = self._undo_objects()
        for name, size in self._sizes.items():
            space = vars(self._modules[name])
            if len(space) != size:
                if len(space) < size or not all(isinstance(value, ModuleType) for value in list(space.values())[size:]):
                    return False
                self._sizes[name] = len(space)
        return clean

    def _undo_objects(self) -> bool:
        if _same(gc.get_referents(*self._watched), self._image):
            return True
        for item, saved in self._classes:
            if _changed(vars(item), saved):
                _put_back(item, saved)
        for item, content in self._containers:
            if isinstance(item, set) or not _same(gc.get_referents(item), gc.get_referents(content)):
                item.clear()
                item.extend(content) if isinstance(item, list) else item.update(content)
        return _same(gc.get_referents(*self._watched), self._image)


def _of_torch(item: object) -> bool:
    """Whether it belongs to one of torch's many modules that aren't watched; tests may replace parts of those."""
    module = getattr(item, "__module__", None)
    return isinstance(module, str) and module.startswith("torch") and module not in _OFTEN_USED


def _same(items: Sequence[Any], others: Sequence[Any]) -> bool:
    return len(items) == len(others) and all(map(is_, items, others))


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


def _facts() -> tuple[Any, ...]:
    """What can't be put back: open descriptors with their flags, limits, processors."""
    limits = [resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")]
    return [_descriptor(number) for number in range(_DESCRIPTORS)], limits, os.sched_getaffinity(0)


def _descriptor(number: int) -> tuple[int, ...] | None:
    try:
        state = os.fstat(number)
        return state.st_dev, state.st_ino, fcntl.fcntl(number, fcntl.F_GETFL), fcntl.fcntl(number, fcntl.F_GETFD)
    except OSError:
        return None


def _settings(modules: Mapping[str, ModuleType]) -> Iterator[tuple[Callable[[], Any], Callable[[Any], object]]]:
    """Pairs of a function that reads a setting and one that puts it back."""
    yield sys.getrecursionlimit, sys.setrecursionlimit
    yield np.geterr, lambda value: np.seterr(**value)
    yield np.geterrcall, np.seterrcall
    yield np.get_printoptions, lambda value: np.set_printoptions(**value)
    yield _umask, os.umask
    yield sys.gettrace, sys.settrace
    yield sys.getprofile, sys.setprofile
    yield sys.getswitchinterval, sys.setswitchinterval
    yield sys.get_coroutine_origin_tracking_depth, sys.set_coroutine_origin_tracking_depth
    if hasattr(sys, "get_int_max_str_digits"):
        yield sys.get_int_max_str_digits, sys.set_int_max_str_digits
    yield np.getbufsize, np.setbufsize
    yield lambda: np.random.mtrand._rand._bit_generator, _set_bit_generator
    yield gc.get_threshold, lambda value: gc.set_threshold(*value)
    yield gc.get_debug, gc.set_debug
    yield lambda: locale.setlocale(locale.LC_ALL), lambda value: locale.setlocale(locale.LC_ALL, value)
    yield lambda: decimal.getcontext().copy(), lambda value: decimal.setcontext(value.copy())
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        yield lambda timer=timer: signal.getitimer(timer), lambda value, timer=timer: signal.setitimer(timer, *value)  # type: ignore[misc]  # mypy can't type lambdas with defaults
    yield lambda: signal.set_wakeup_fd(-1), signal.set_wakeup_fd
    yield lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()), _unblock
    for number in sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}):
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


def _set_bit_generator(value: Any) -> None:
    if np.random.mtrand._rand._bit_generator is not value:  # the call is slow
        np.random.mtrand.set_bit_generator(value)


def _unblock(signals: Iterable[int]) -> None:
    """Drop pending signals, then block only `signals`."""
    for number in signal.sigpending():
        signal.sigwait([number])
    signal.pthread_sigmask(signal.SIG_SETMASK, signals)


def _handle(number: signal.Signals, handler: Any) -> None:
    with contextlib.suppress(TypeError):  # None: a handler that Python didn't set
        signal.signal(number, handler)
