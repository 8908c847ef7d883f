"""Remembers which of the student's functions the test called last: a wrong value comes from that one."""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from grader.testing.own import is_own


class Calls:
    """Watches the calls of one test, by Python's own profiling hook."""

    def __init__(self, root: Path) -> None:
        """Watch calls into files below `root`, which must be resolved."""
        self._root = root
        self._own: dict[str, bool] = {}
        self._last: tuple[CodeType, str] | None = None
        self._read: tuple[CodeType, str] | None = None

    @property
    def place(self) -> str:
        """The last function that something else than the student's code called; empty before the first call."""
        return self._told(self._last)

    def place_of(self, value: str) -> str:
        """The function that a value of this name comes from: a getter too, if the value is named after its call."""
        named = self._read is not None and value.startswith(f"{self._read[0].co_name}(")
        return self._told(self._read if named else self._last)

    def _told(self, called: tuple[CodeType, str] | None) -> str:
        if called is None:
            return ""
        code, name = called
        file = Path(code.co_filename).relative_to(self._root).as_posix()
        return f"{file}, line {code.co_firstlineno}, in {name}"

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the block, unless a profiler watches already."""
        if sys.getprofile() is not None:
            yield
            return
        sys.setprofile(self._see)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _see(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "call" or not self._is_own(frame.f_code.co_filename):
            return
        caller, code = frame.f_back, frame.f_code
        if code.co_name.startswith("<") or caller is None or self._is_own(caller.f_code.co_filename):
            return
        if self._within_own(caller):
            return  # a stand-in of the test's, or numpy, calls back
        if code.co_name == "__init__" and self._last is not None:
            return  # a value comes from the object's methods, rather than from making another one
        if self._last is not None and _only_reads(code):
            self._read = (code, _name(frame))
            return  # nor from a getter, which returns what another method has left
        self._last, self._read = (code, _name(frame)), None

    def _within_own(self, frame: FrameType | None) -> bool:
        """Whether a frame, or one that led to it, is the student's."""
        while frame is not None:
            if self._is_own(frame.f_code.co_filename):
                return True
            frame = frame.f_back
        return False

    def _is_own(self, file: str) -> bool:
        known = self._own.get(file)
        if known is None:
            known = self._own[file] = is_own(file, self._root)
        return known


@functools.cache
def _only_reads(code: CodeType) -> bool:
    """Whether a function does nothing but return an attribute, or is called get... and takes nothing but its object."""
    if code.co_name.startswith("get") and code.co_varnames[: code.co_argcount] == ("self",):
        return True
    names = {step.opname for step in dis.get_instructions(code)} - {"RESUME", "NOP", "CACHE", "RETURN_VALUE"}
    return "LOAD_ATTR" in names and all(name == "LOAD_ATTR" or name.startswith("LOAD_FAST") for name in names)


def _name(frame: FrameType) -> str:
    """The function's name with its class: Python knows it from 3.11 on; before, the object's class is close."""
    code = frame.f_code
    qualified = getattr(code, "co_qualname", "")
    if qualified:
        return str(qualified).replace("<locals>.", "")
    first = code.co_varnames[:1]
    return f"{type(frame.f_locals[first[0]]).__name__}.{code.co_name}" if first == ("self",) else code.co_name
