"""What one test leaves behind in a process that runs several: put back where that is safe, reported where it isn't.

It keeps honest tests apart, so that a test passes in a shared process only if it passes alone. It is no wall: code
that hides its traces from it can carry state from test to test. `docs/security.md` says why that earns nothing.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
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
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from grader.sandbox.removal import remove

_LISTS = ("path", "meta_path", "path_hooks", "argv", "warnoptions")
_DESCRIPTORS = 64
"""Descriptors that are compared: a child gets the lowest free ones."""


class Leftovers:
    """The state of this process before its first test."""

    def __init__(self, root: Path, work: Path) -> None:
        """Remember the state; a hand-in's modules are those of files below `root` or `work`."""
        self._roots = (f"{root}{os.sep}", f"{work}{os.sep}")
        self._work = work
        self._modules: dict[str, ModuleType] = dict(sys.modules)
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
        return _facts() == self._facts and not self._survives()

    def _survives(self) -> bool:
        """Whether something still holds a function of the hand-in, such as a codec, a hook or a finalizer."""
        functions = (item for item in gc.get_objects() if type(item) is FunctionType)
        return any(item.__code__.co_filename.startswith(self._roots) for item in functions)

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
        for name in self._modules.keys() - sys.modules.keys():
            sys.modules[name] = self._modules[name]


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
