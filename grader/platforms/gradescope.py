"""One grading on Gradescope; run_autograder execs it.

    /autograder/source, submission, submission_metadata.json  -> grade ->  /autograder/results/results.json

If a run takes too long, Gradescope replaces its results by a zero without tests, so the run ends itself well before
that. It starts as root, and first closes source and results to the worker's user.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.assignment import Assignment
from grader.export.fit import fit
from grader.export.gradescope import to_gradescope, to_text, to_value
from grader.files import write_atomically
from grader.grade import grade
from grader.levels import Level
from grader.platforms.deadline import TESTS_SHARE, WHOLE_SHARE, stopped_after
from grader.platforms.metadata import Metadata, read_metadata
from grader.platforms.previous import given_back, graded_at, recent, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.report import Report
    from grader.sandbox.launch import Zygote

TIMEOUT_SECONDS = 600.0
"""Gradescope's default. Its harness sets the real timeout in the environment, but no document promises that."""
FAULT = (
    "Not graded, and a zero here is no grade: the autograder itself failed, not your hand-in. "
    "Tell the course staff; its output, which they see, says why."
)
PAST_LIMIT = "this hand-in was graded though it is past the limit, because there are no earlier results to give back"


def run(
    load: Callable[[], Assignment], root: Path, *, minimum: Level = "none", zygote: Zygote | None = None
) -> Report | None:
    """Grade the hand-in below `root` and write its results.

    Args:
        load: reads the assignment; the results then also report its errors.
        root: `/autograder`, or a folder with the same layout.
        minimum: the weakest isolation to grade under.
        zygote: a zygote that has been started.

    Returns the report, or None if the results of an earlier hand-in were given back.
    Raises the error that prevents grading, after it has written results that report it.
    """
    start = time.monotonic()
    results = root / "results" / "results.json"
    _close(root)
    _write(results, _failure(FAULT))

    def write_draft(report: Report) -> None:
        _write(results, to_gradescope(replace(report, notes=(FAULT, *report.notes))))

    timeout = _timeout()
    with stopped_after(start + WHOLE_SHARE * timeout - time.monotonic()):
        assignment = load()
        metadata = read_metadata(root / "submission_metadata.json")
        limit = assignment.rate_limit
        sentence = refusal(limit, metadata) if limit is not None else None
        if limit is not None and sentence is not None:
            earlier = given_back(limit, metadata, sentence)
            if earlier is not None:
                _write(results, to_text(earlier))
                return None
        report = grade(
            assignment,
            root / "submission",
            before=write_draft,
            zygote=zygote,
            minimum=minimum,
            deadline=start + TESTS_SHARE * timeout,
        )
    if sentence is not None:
        report = replace(report, staff_notes=(*report.staff_notes, PAST_LIMIT))
    report = late(assignment, metadata, report)
    times = {}
    if limit is not None and metadata.created is not None:
        times = graded_at([*recent(limit, metadata), metadata.created])

    def text_of(report: Report) -> str:
        value = to_value(report)
        return to_text(value | {"extra_data": value["extra_data"] | times})

    _write(results, fit(report, text_of))
    return report


def _write(results: Path, text: str) -> None:
    """Write the file with the permissions that the platform needs, and replace any earlier file."""
    write_atomically(results, text, mode=0o644)


def late(assignment: Assignment, metadata: Metadata, report: Report) -> Report:
    """Return the report with the assignment's own deduction for late work, and a sentence about it."""
    taken = Fraction(0) if assignment.late is None else assignment.late.taken(metadata.lateness)
    if not taken:
        return report
    hours = metadata.lateness.total_seconds() / 3600
    ago = f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
    sentence = f"Handed in {ago} after the due date: {float(taken):g} % of the score is taken off."
    return replace(report, kept=report.kept * (1 - taken / 100), notes=(sentence, *report.notes))


def _close(root: Path) -> None:
    """Close the answers, the results and the data about students to all other users."""
    (root / "results").mkdir(exist_ok=True)
    for name, mode in (("source", 0o700), ("results", 0o700), ("submission_metadata.json", 0o600)):
        with suppress(FileNotFoundError):
            (root / name).chmod(mode)


def _failure(sentence: str) -> str:
    """Results for a run that failed."""
    return to_text({"score": 0, "output": sentence, "output_format": "text", "stdout_visibility": "hidden"})


def _timeout() -> float:
    """The platform's timeout, in seconds."""
    try:
        value = float(os.environ.get("TIMEOUT_SECONDS", ""))
    except ValueError:
        return TIMEOUT_SECONDS
    return value if 1 <= value <= 86_400 else TIMEOUT_SECONDS
