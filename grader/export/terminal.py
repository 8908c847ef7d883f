"""A table for people: points by test and part, then messages and hints of the tests that aren't passed."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from fractions import Fraction
from textwrap import indent

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.export.fit import fit, fitted
from grader.report import Report, Status, TestResult, number
from grader.text import cut

COLOURS: dict[Status, str] = {"passed": "green", "partial": "yellow", "missing": "cyan", "internal": "magenta"}
"""Every other status is red."""
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
        points = f"{_points(part.score)} / {_points(part.max_score)}"
        table.add_row("", Text(part.title, style="bold"), "", Text(points, style="bold"))
        for test in report.tests:
            if test.part == part.name:
                table.add_row(*_row(test))
    total = f"{_points(report.score)} / {_points(report.max_score)}"
    table.add_row("", Text("Total", style="bold"), "", Text(total, style="bold"))
    console.print(table)
    groups: dict[tuple[str, str, str], list[TestResult]] = {}
    for test in report.tests:
        if test.status != "passed":
            groups.setdefault((test.status, test.message, test.hint), []).append(test)
    for tests in groups.values():
        _explain(tests, console)


def _points(value: Fraction) -> str:
    return f"{number(value):g}" if value.denominator in (1, 2, 4, 5, 10, 20) else f"{float(value):.2f}"


def _row(test: TestResult) -> tuple[Text, Text, Text, str]:
    title = Text(test.title)
    if test.visibility != "visible":
        title.append(f" ({test.visibility.replace('_', ' ')})", style="dim")
    status = Text(test.status, style=COLOURS.get(test.status, "red"))
    return Text(test.number), title, status, f"{_points(test.score)} / {_points(test.max_score)}"


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
