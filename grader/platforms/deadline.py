"""A deadline for a whole grading: the last resort where one of the deadlines inside it doesn't do its work."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from grader.errors import InternalError

TESTS_SHARE, WHOLE_SHARE = 0.75, 0.9
"""Which part of a platform's timeout the tests may take, and which part the whole grading."""


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Raise InternalError in the block when it takes longer; in the main thread, where no student's code runs."""

    def ring(number: int, frame: FrameType | None) -> NoReturn:
        raise InternalError(f"the grading was stopped after {seconds:.0f} s, before the platform would have done so")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
