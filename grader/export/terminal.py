"""A table for people: points by test and part, then messages and hints of the tests that aren't passed."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from textwrap import indent

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.export.fit import fit, fitted
from grader.export.screen import ASCII, MOST_LINES, Commands, Signs, screen
from grader.report import Report, Status, TestResult, points_text
from grader.summary import Since, summarize
from grader.text import cut

COLOURS: dict[Status, str] = {"passed": "green", "partial": "yellow", "missing": "cyan", "internal": "magenta"}
"""Every other status is red."""
SCREEN_COLOURS = {
    "bold": "bold",
    "dim": "dim",
    "good": "green",
    "bad": "bold red",
    "wait": "cyan",
    "hint": "magenta",
}
"""Colours that can be read on dark and on light ground."""
OUTPUT_CHARS = 600


def to_terminal(report: Report) -> str:
    """Return the report as plain text, 100 columns wide, for files and pipes."""
    return fit(report, _plain)


def _plain(report: Report) -> str:
    # in a notebook, rich would show the table a second time
    console = Console(file=io.StringIO(), width=100, color_system=None, highlight=False, force_jupyter=False)
    render(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def print_report(report: Report) -> None:
    """Print the report on standard output, with colours only if that is a terminal."""
    render(fitted(report, _plain), Console(file=sys.stdout, highlight=False, force_jupyter=False))


def print_screen(
    report: Report, *, since: Since | None = None, hidden: Fraction = Fraction(0), again: str = ""
) -> None:
    """Print the one screen on standard output, as tall and as wide as the terminal.

    Args:
        report: of the student's own run.
        since: what changed since the last run.
        hidden: points of tests that the report doesn't have.
        again: the command that the student called, to be called again; empty if there is none.
    """
    console = Console(file=sys.stdout, highlight=False)
    height = console.size.height - 1 if console.is_terminal else MOST_LINES
    lines = screen(
        replace(summarize(fitted(report, _plain)), hidden=hidden),
        width=min(console.width, 120) if console.is_terminal else 100,
        height=height,
        since=since,
        commands=Commands(again, f"{again} --all" if again else ""),
        signs=signs_for(sys.stdout.encoding),
    )
    for line in lines:
        text = Text()
        for span, style in line:
            text.append(span, style=SCREEN_COLOURS.get(style, ""))
        console.print(text, soft_wrap=True)


def signs_for(encoding: str | None) -> Signs:
    """Return marks that a terminal of this encoding has."""
    signs = Signs()
    try:
        "".join(vars(signs).values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return signs


def render(report: Report, console: Console) -> None:
    """Print a report on a console."""
    console.print(Text(report.title, style="bold"))
    for note in report.notes:
        console.print(Text(f"! {note}", style="yellow"))
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("Test", overflow="fold")
    table.add_column("Status", no_wrap=True)
    table.add_column("Points", justify="right", no_wrap=True)
    for part in report.parts:
        points = f"{points_text(part.score)} / {points_text(part.max_score)}"
        table.add_row("", Text(part.heading, style="bold"), "", Text(points, style="bold"))
        for test in report.tests:
            if test.part == part.name:
                table.add_row(*_row(test))
    total = f"{points_text(report.score)} / {points_text(report.max_score)}"
    table.add_row("", Text("Total", style="bold"), "", Text(total, style="bold"))
    console.print(table)
    groups: dict[tuple[str, str, str], list[TestResult]] = {}
    for test in report.tests:
        if test.status != "passed":
            groups.setdefault((test.status, test.message, test.hint), []).append(test)
    for tests in groups.values():
        _explain(tests, console)


def _row(test: TestResult) -> tuple[Text, Text, Text, str]:
    title = Text(test.title)
    if test.visibility != "visible":
        title.append(f" ({test.visibility.replace('_', ' ')})", style="dim")
    status = Text(test.status, style=COLOURS.get(test.status, "red") if test.max_score else "dim")
    return Text(test.number), title, status, f"{points_text(test.score)} / {points_text(test.max_score)}"


def _explain(tests: Sequence[TestResult], console: Console) -> None:
    """Print one explanation for all tests that ended alike."""
    first = tests[0]
    names = ", ".join(test.number or test.title for test in tests)
    title = f" {first.title}" if len(tests) == 1 and first.number else ""
    headline = Text(f"{names}{title}: ", style="bold")
    headline.append(first.status, style=COLOURS.get(first.status, "red"))
    console.print()
    console.print(headline)
    _indented(first.message, "", console)
    _indented(f"Hint: {first.hint}" if first.hint else "", "yellow", console)
    command = next((test.command for test in tests if test.command), "")
    _indented(f"Run it alone: {command}" if command else "", "dim", console)
    output = first.output.rstrip()
    _indented(f"Printed:\n{cut(output, OUTPUT_CHARS)}" if output else "", "dim", console)


def _indented(text: str, style: str, console: Console) -> None:
    """Print lines without wrapping, so that a command can be copied."""
    if text:
        console.print(Text(indent(text, "  "), style=style), soft_wrap=True)
