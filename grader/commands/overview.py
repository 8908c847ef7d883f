"""The commands that only look: list and doctor."""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction

from grader.commands.common import DONE, FAILED, project_of
from grader.errors import UsageError
from grader.levels import at_least
from grader.settings import assignment_names, load_assignment


def run_list(options: argparse.Namespace) -> int:
    """Print the assignments, their parts and points."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    project = project_of(options)
    table = Table(box=None, pad_edge=False)
    for column in ("Assignment", "Part", "Title"):
        table.add_column(column)
    table.add_column("Points", justify="right")
    names = assignment_names(project)
    if not names:
        raise UsageError(f"{project / 'testcases'} holds no assignment: write an assignment.toml into a folder there")
    for name in names:
        assignment = load_assignment(project, name)
        points = _worth(assignment.points, assignment.manual_points)
        table.add_row(Text(name), "", Text(assignment.title), points, style="bold")
        for part in assignment.parts:
            worth = _worth(part.points, part.manual) + (" extra" if part.extra else "")
            table.add_row("", part.name, Text(part.title), worth)
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)
    return DONE


def _worth(points: Fraction, manual: Fraction) -> str:
    """The points by the machine, and those by a person if there are any."""
    return f"{float(points):g}" + (f" + {float(manual):g} by a person" if manual else "")


def run_doctor(options: argparse.Namespace) -> int:
    """Print which isolation works here; fail if it is weaker than demanded."""
    from grader import doctor

    findings = doctor.examine()
    doctor.show(findings)
    return DONE if at_least(findings.level, options.min_isolation) and not findings.broken else FAILED
