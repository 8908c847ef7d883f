"""Keeps a whole report within bounds: what a hand-in printed, was told and is noted about, all rows together.

Every row and every score stays. Only texts are cut, to one length that all of them share, so that short ones stay whole
however long the others are. Bytes are counted as they are written: JSON takes twelve for an emoji.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from grader.report import Report, TestResult
from grader.text import cut

REPORT_BYTES = 2**20
"""The most that PrairieLearn takes, and plenty for a person."""
TEXT_CHARS = 100_000
"""The most of one text; Gradescope cuts the middle out of anything longer."""
NOTES_CHARS = 20_000
"""The most of all notes together."""


def fit(report: Report, write: Callable[[Report], str], limit: int = REPORT_BYTES) -> str:
    """Return what `write` makes of the report, its texts cut until that has at most `limit` bytes.

    Where rows, titles and scores alone have more, the texts are left out.
    """
    return write(fitted(report, write, limit))


def fitted(report: Report, write: Callable[[Report], str], limit: int = REPORT_BYTES) -> Report:
    """Return the report of which `write` makes at most `limit` bytes; see `fit`."""
    chars = TEXT_CHARS
    while True:
        shorter = _cut(report, chars)
        if not chars or len(write(shorter).encode("utf-8", "replace")) <= limit:
            return shorter
        chars = chars // 2 if chars > 50 else 0


def _cut(report: Report, chars: int) -> Report:
    return replace(
        report,
        tests=tuple(_cut_test(test, chars) for test in report.tests),
        notes=cut_notes(report.notes, min(chars, NOTES_CHARS)),
        staff_notes=cut_notes(report.staff_notes, min(chars, NOTES_CHARS)),
    )


def _cut_test(test: TestResult, chars: int) -> TestResult:
    return replace(
        test,
        message=cut(test.message, chars),
        hint=cut(test.hint, chars),
        output=cut(test.output, chars),
        checks=tuple(
            replace(check, message=cut(check.message, chars), hint=cut(check.hint, chars)) for check in test.checks
        ),
    )


def cut_notes(notes: Sequence[str], chars: int) -> tuple[str, ...]:
    """Return the first notes, with at most `chars` characters in all but the last, which counts what is left out."""
    kept: list[str] = []
    for note in notes:
        chars -= len(note)
        if chars < 0:
            return (*kept, f"... and {len(notes) - len(kept)} notes more.")
        kept.append(note)
    return tuple(kept)
