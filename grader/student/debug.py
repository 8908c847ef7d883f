"""Lets `breakpoint()` in a student's code talk to the terminal, although a test's output is kept for its message."""

from __future__ import annotations

import os
import pdb
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO


class _Debugger(pdb.Pdb):
    """A debugger whose `q` ends the whole run, as pytest's does."""

    left = False

    def set_quit(self) -> None:
        super().set_quit()
        type(self).left = True


class Breakpoints:
    """Debuggers opened by the student's code."""

    def __init__(self) -> None:
        self.left = False
        """Whether the student left a debugger by `q`."""

    @contextmanager
    def on_terminal(self) -> Iterator[None]:
        """Open debuggers in the block on the terminal; from the first on, what the code prints is shown there too."""
        streams = (sys.stdout, sys.stderr)

        class Debugger(_Debugger):
            pass

        def stop(frame: FrameType) -> None:
            sys.stdout, sys.stderr = streams
            _say(streams[0], f"\nYour code stopped at a breakpoint, in {frame.f_code.co_name}; c goes on, q ends.\n")
            Debugger(stdout=streams[0]).set_trace(frame)

        def on_breakpoint(*arguments: Any, **keywords: Any) -> Any:
            if os.environ.get("PYTHONBREAKPOINT"):
                return sys.__breakpointhook__(*arguments, **keywords)  # the student prefers another debugger, or none
            return stop(sys._getframe(1))

        def set_trace(**_: Any) -> None:
            stop(sys._getframe(1))

        before = sys.breakpointhook, pdb.set_trace
        sys.breakpointhook = on_breakpoint
        pdb.set_trace = set_trace
        try:
            yield
        finally:
            sys.breakpointhook, pdb.set_trace = before
            self.left = self.left or Debugger.left


def _say(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
