"""One grading on Autolab; the first rule of autograde-Makefile runs it.

On Autolab, the grader and the student's code share one plain user. Both outputs go into one file that the student
reads, and the last line of that file is the score. So only the report is written, in one piece, at the end of the file,
when no process of the hand-in is alive. Nothing is written after it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

from grader.assignment import Assignment
from grader.errors import GraderError, Terminated
from grader.export.autolab import scoreboard, to_feedback
from grader.export.common import strict_json
from grader.grade import grade
from grader.levels import Level
from grader.platforms.deadline import TESTS_SHARE, WHOLE_SHARE, stopped_after
from grader.questions import fixtures_file
from grader.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.sandbox.launch import Zygote

REASON_CHARS = 1000


def run(
    load: Callable[[], Assignment],
    handin: Path,
    *,
    timeout: float,
    minimum: Level = "none",
    zygote: Zygote | None = None,
) -> None:
    """Grade `handin` and write Autolab's result to standard output, whatever happens.

    Args:
        load: reads the assignment.
        handin: the file that the student handed in.
        timeout: Autolab's timeout, in seconds.
        minimum: the weakest isolation to grade under.
        zygote: a zygote that has been started.
    """
    start = time.monotonic()
    # a line that the grader writes to standard error would follow the scores, or tell a student too much
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    assignment = None
    try:
        with stopped_after(WHOLE_SHARE * timeout):
            assignment = load()
            report = grade(assignment, handin, zygote=zygote, minimum=minimum, deadline=start + TESTS_SHARE * timeout)
        text = to_feedback(report)
    except Exception as error:
        text = _failure(assignment, error)
    except Terminated as error:
        _write(_failure(assignment, error))
        raise
    _write(text)


def _failure(assignment: Assignment | None, error: BaseException) -> str:
    """Zero for every graded problem, and the reason. An unreadable line would also zero the problems of a person."""
    reason = str(error).splitlines()[0] if isinstance(error, GraderError) and str(error) else type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        reason = error.strerror
    sentence = (
        "Not graded, and the zeros below are no grade: the autograder itself failed, not your hand-in. "
        f"Tell the course staff: {cut(reason, REASON_CHARS)}"
    )
    if assignment is None:
        return f"\n{sentence}\n"
    graded = [part for part in assignment.parts if part.points] or list(assignment.parts)
    line: dict[str, object] = {"scores": {part.title: 0 for part in graded}}
    with contextlib.suppress(Exception):  # without fixtures the line still has its scores
        from grader.fixtures import load

        board = scoreboard(load(fixtures_file(assignment), assignment).columns)
        line |= {"scoreboard": board} if board else {}
    return f"\n{sentence}\n\n" + strict_json(line) + "\n"


def _write(text: str) -> None:
    """Write at the end of the file: if student code wrote to it, that output is before the report, not after it."""
    data = memoryview(text.encode("ascii", "replace"))
    if stat.S_ISREG(os.fstat(1).st_mode):
        os.lseek(1, 0, os.SEEK_END)
    while data:
        data = data[os.write(1, data) :]
