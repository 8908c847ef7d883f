"""Keeps a whole report within bounds: outputs, messages and notes of all rows together.

Every row and every score is kept. Only texts are cut, all to the same length, so that short texts stay whole however
long the others are. Bytes are counted as written: JSON needs twelve for an emoji.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from grader.report import Report, TestResult
from grader.text import cut

REPORT_BYTES = 2**20
"""The most that PrairieLearn accepts; more than a person reads."""
TEXT_CHARS = 100_000
"""The most of one text; Gradescope cuts the middle out of anything longer."""
NOTES_CHARS = 20_000
"""The most of all notes together."""


def fit(report: Report, write: Callable[[Report], str], limit: int = REPORT_BYTES) -> str:
    """Return the output of `write` for the report, with texts cut until the output has at most `limit` bytes.

    If rows, titles and scores alone exceed the limit, all texts are omitted.
    """
    return _fit(report, write, limit)[1]


def fitted(report: Report, write: Callable[[Report], str], limit: int = REPORT_BYTES) -> Report:
    """Return the cut report, for which `write` returns at most `limit` bytes; see `fit`."""
    return _fit(report, write, limit)[0]


def _fit(report: Report, write: Callable[[Report], str], limit: int) -> tuple[Report, str]:
    """The cut report, and what `write` returns for it."""
    chars = TEXT_CHARS
    while True:
        shorter = _cut(report, chars)
        written = write(shorter)
        if not chars or len(written.encode("utf-8", "replace")) <= limit:
            return shorter, written
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
    """Return the first notes, at most `chars` characters, and a last note with the number of omitted notes."""
    kept: list[str] = []
    for note in notes:
        chars -= len(note)
        if chars < 0:
            return (*kept, f"... and {len(notes) - len(kept)} notes more.")
        kept.append(note)
    return tuple(kept)
