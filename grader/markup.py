"""A report as HTML without any library: what a notebook shows, and the page that `check --html` writes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from grader.report import Report, TestResult, points_text
from grader.summary import Cause, labels, summarize

_STYLE = """
.grader { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; color-scheme: light dark; }
.grader table { border-collapse: collapse; margin: .6em 0; }
.grader td, .grader th { padding: .15em .8em .15em 0; text-align: left; vertical-align: top; border: 0; }
.grader td.points { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.grader pre { overflow-x: auto; padding: .6em .8em; margin: .4em 0; white-space: pre-wrap; }
.grader pre { border-left: 3px solid #888; }
.grader .right { color: #1a7f37; } .grader .wrong { color: #c62828; } .grader .wait { color: #8a6100; }
@media (prefers-color-scheme: dark) {
  .grader .right { color: #4cc366; } .grader .wrong { color: #ff7b72; } .grader .wait { color: #e0af4f; }
}
"""


def page(report: Report) -> str:
    """Return a whole page, which needs no other file."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n"
        "<style>:root { color-scheme: light dark; } body { margin: 1.5rem; }</style>\n</head>\n<body>\n"
        f"{fragment(report, everything=True)}\n</body>\n</html>\n"
    )


def fragment(report: Report, *, everything: bool = False) -> str:
    """Return a piece of HTML for a notebook: the summary; with `everything`, each test that isn't passed too."""
    summary = summarize(report)
    blocks = [
        f"<h2>{escape(summary.title)}</h2>",
        f"<p><strong>{summary.points} public points{summary.earned_extra}.</strong>"
        + (f" Hidden tests decide about {points_text(summary.hidden)} more." if summary.hidden else "")
        + "</p>",
        *(f'<p class="wait">{escape(note)}</p>' for note in summary.notes),
    ]
    rows = []
    for part, tests in summary.parts:
        right = sum(test.status == "passed" for test in tests)
        style = "right" if right == len(tests) else ""
        rows.append(
            f'<tr><td class="{style}">{escape(part.heading)}</td>'
            f'<td class="points">{points_text(part.score)} / {points_text(part.max_score)}</td>'
            f"<td>{right} of {len(tests)} tests right</td></tr>"
        )
    blocks.append(f"<table>{''.join(rows)}</table>")
    causes = summary.causes if everything else summary.causes[:1]
    blocks += [_cause(cause, "Fix first" if not at else "Then") for at, cause in enumerate(causes)]
    if not everything and len(summary.causes) > 1:
        rest = [test for cause in summary.causes[1:] for test in cause.tests]
        blocks.append(f"<p>Also wrong: {escape(labels(rest))}</p>")
    for item in summary.unwritten:
        blocks.append(
            f'<p><span class="wait">Not written yet:</span> {escape(item.name)}, for {escape(labels(item.tests))}</p>'
        )
    blocks.append(_line("Blocked", summary.blocked, "wait"))
    blocks.append(_line("Remarks, without points", summary.remarks, ""))
    if summary.complete and summary.max_score:
        blocks.append('<p class="right">All public points are there.</p>')
    return f'<div class="grader"><style>{_STYLE}</style>\n' + "\n".join(filter(None, blocks)) + "\n</div>"


def _cause(cause: Cause, word: str) -> str:
    test = cause.first
    place = f"{test.place}\n" if test.place and cause.place == test.place else ""
    hint = f"<p>Hint: {escape(test.hint)}</p>" if test.hint else ""
    same = f"<p>Probably the same: {escape(labels(cause.tests[1:]))}</p>" if cause.tests[1:] else ""
    printed = f"<p>Printed:</p><pre>{escape(test.output.rstrip()[:2000])}</pre>" if test.output.strip() else ""
    return (
        f'<h3><span class="wrong">{word}:</span> {escape(f"{test.number} {test.title}".strip())}</h3>'
        f"<pre>{escape(place + test.message)}</pre>{hint}{same}{printed}"
    )


def _line(word: str, tests: Sequence[TestResult], style: str) -> str:
    return f'<p><span class="{style}">{word}:</span> {escape(labels(tests))}</p>' if tests else ""
