"""The formats by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.export.autolab import to_autolab
from grader.export.csv import to_csv
from grader.export.gradescope import to_gradescope
from grader.export.junit import to_junit
from grader.export.markus import to_markus
from grader.export.plain import to_json
from grader.export.prairielearn import to_prairielearn
from grader.report import Report


def _to_terminal(report: Report) -> str:
    from grader.export.terminal import to_terminal  # late: it loads a library that the others don't need

    return to_terminal(report)


EXPORTERS: Mapping[str, Callable[[Report], str]] = {
    "gradescope": to_gradescope,
    "autolab": to_autolab,
    "prairielearn": to_prairielearn,
    "markus": to_markus,
    "junit": to_junit,
    "csv": to_csv,
    "terminal": _to_terminal,
    "json": to_json,
}
"""The function that writes each format of `grader grade --format`."""
