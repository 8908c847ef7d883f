"""A report as HTML inside a notebook's output: no script, no style sheet, and readable on a dark background."""

from __future__ import annotations

from html import escape

from grader.report import Report, Status, TestResult, number

_MARKS: dict[Status, tuple[str, str]] = {
    "passed": ("✓", "#2e8540"),
    "partial": ("◐", "#b26a00"),
    "missing": ("○", "#00707a"),
}
_WRONG = ("✗", "#cd2026")
_LEFT = "text-align:left;vertical-align:top"


def to_html(report: Report | None, problem: str = "") -> str:
    """Return the result of a check; without a report, the reason why there is none."""
    if report is None:
        return f"<p><strong>Not checked:</strong> {escape(problem)}</p>"
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    rows = []
    for part in report.parts:
        tests = [test for test in report.tests if test.part == part.name]
        if tests:
            points = f"{number(part.score):g} / {number(part.max_score):g}"
            rows.append(
                f'<tr><th scope="rowgroup" colspan="3" style="{_LEFT}">{escape(part.title)}</th>'
                f'<th style="text-align:right;white-space:nowrap">{points}</th></tr>'
            )
            rows += map(_row, tests)
    passed = sum(test.status == "passed" for test in report.tests)
    return (
        f"<p><strong>{passed} of {len(report.tests)} public tests pass</strong></p>"
        + (f"<ul>{notes}</ul>" if notes else "")
        + f'<table style="text-align:left">{"".join(rows)}</table>'
    )


def _row(test: TestResult) -> str:
    mark, colour = _MARKS.get(test.status, _WRONG)
    points = f"{number(test.score):g} / {number(test.max_score):g}" if test.max_score else ""
    told = ""
    if test.status != "passed":
        hint = f"<p><strong>Hint:</strong> {escape(test.hint)}</p>" if test.hint else ""
        told = f'<pre style="white-space:pre-wrap;margin:0.3em 0">{escape(test.message)}</pre>{hint}'
    return (
        f'<tr><td style="{_LEFT};color:{colour}"><strong>{mark}&nbsp;{escape(test.status)}</strong></td>'
        f'<td style="{_LEFT}">{escape(test.number)}</td>'
        f'<td style="{_LEFT}">{escape(test.title)}{told}</td>'
        f'<td style="text-align:right;vertical-align:top;white-space:nowrap">{points}</td></tr>'
    )
