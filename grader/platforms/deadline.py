"""A deadline for a whole grading: the last resort if one of the deadlines inside it fails."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from grader.errors import InternalError

TESTS_SHARE, WHOLE_SHARE = 0.75, 0.9
"""The shares of a platform's timeout that the tests and the whole grading may take."""


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Raise InternalError in the block if it takes longer; only in the main thread, where no student code runs."""

    def ring(number: int, frame: FrameType | None) -> NoReturn:
        raise InternalError(f"the grading was stopped after {seconds:.0f} s, before the platform would have done so")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
