"""Ends a test that runs too long, on every system: by an alarm where there are alarms, otherwise by a thread.

Both raise an exception in the student's code, so the traceback names the line. Code that catches every exception gets
it again and again, until it comes where nothing is caught.
"""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from grader.testing.own import is_own
from grader.testing.plugin import Interruption

MOST_SECONDS = 10.0
"""The most that a test may cost a student who waits for it; a grading's limit may be longer."""
_AGAIN = 0.02
"""Seconds between two exceptions."""
_IDLE = 0.02
"""Code that uses less than this share of the time isn't computing."""
_LONGEST = 6
"""On a busy machine, a test may take this many times its limit."""
_CLOSE = 0.1
"""The share of the limit that isn't worth another wait."""
_DEBUGGERS = ("pdb.py", "bdb.py", "cmd.py")


class TooLong(Interruption):
    """Raised in code that runs too long."""


@contextlib.contextmanager
def time_limit(seconds: float, root: Path) -> Iterator[None]:
    """Raise TooLong in the block after `seconds`, except while a debugger waits for its user.

    The time that other programs on a busy machine take isn't counted.

    Without a main thread, as in some notebooks, there is no limit.

    Args:
        seconds: the limit.
        root: the student's folder: once the exception was raised, it is raised again in the student's code only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    bell = _Bell(seconds, root.resolve())
    with bell.by_alarm() if hasattr(signal, "setitimer") else bell.by_thread():
        yield


class _Bell:
    def __init__(self, seconds: float, root: Path) -> None:
        self._seconds = seconds
        self._root = root
        self._rung = False
        self._begin()

    def _begin(self) -> None:
        self._wall, self._used = time.monotonic(), time.thread_time()

    def _left(self) -> float:
        """The seconds that code may still have which other programs on this machine kept waiting.

        Code that computes has had its time when it used it; code that sleeps or waits for a lock uses nearly none.
        """
        wall, used = time.monotonic() - self._wall, time.thread_time() - self._used
        if used < _IDLE * wall or wall > _LONGEST * self._seconds:
            return 0.0
        left = self._seconds - used
        return left if left > _CLOSE * self._seconds else 0.0

    def ring(self, frame: FrameType | None, again: Callable[[float], None]) -> None:
        """Raise TooLong, unless the program is in a debugger or, the second time, no longer in the student's code."""
        files = []
        while frame is not None:
            files.append(frame.f_code.co_filename)
            frame = frame.f_back
        if any(Path(file).name in _DEBUGGERS for file in files[:12]):
            self._begin()
            again(self._seconds)
            return
        left = 0.0 if self._rung else self._left()
        if left > 0:
            again(left)
            return
        again(_AGAIN)
        if self._rung and not any(is_own(file, self._root) for file in files):
            return
        self._rung = True
        raise TooLong

    @contextlib.contextmanager
    def by_alarm(self) -> Iterator[None]:
        """Let the system's alarm ring."""

        def set_alarm(seconds: float) -> None:
            signal.setitimer(signal.ITIMER_REAL, seconds)

        before = signal.signal(signal.SIGALRM, lambda number, frame: self.ring(frame, set_alarm))
        set_alarm(self._seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @contextlib.contextmanager
    def by_thread(self) -> Iterator[None]:
        """Let a thread interrupt this one, as Ctrl-C does."""
        over, due = threading.Event(), threading.Event()
        wait = [self._seconds]

        def watch() -> None:
            while not over.wait(wait[0]):
                due.set()
                _thread.interrupt_main()

        def heed(number: int, frame: FrameType | None) -> None:
            if not due.is_set():
                raise KeyboardInterrupt  # the student pressed Ctrl-C
            due.clear()
            if not over.is_set():
                self.ring(frame, lambda seconds: wait.__setitem__(0, seconds))

        before = signal.signal(signal.SIGINT, heed)
        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            due.set()  # an interruption that is still on its way is ours
            signal.signal(signal.SIGINT, before)
