"""A pytest plugin: prints one line after the tests with the result of the hostile collection."""

from __future__ import annotations

import json
from collections import Counter

import pytest

PROPERTY = "hostile"
"""The user property under which test_hostile.py leaves its figures, as JSON: it crosses from xdist's workers so."""
COUNTED = ("points gained", "leaks", "invalid reports", "innocent tests lost")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the attacks' tests left."""
    total: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, value in report.user_properties:
                    if name == PROPERTY:
                        total.update(json.loads(value))
    if total:
        figures = [f"attacks tried {total['attacks tried']}", *(f"{name} {total[name]:g}" for name in COUNTED)]
        # never silently: an attack that the isolation of this machine can't stop isn't made here
        figures += [f"not made, for want of isolation {total['not made']}"] if total["not made"] else []
        terminalreporter.write_line(", ".join(figures))
