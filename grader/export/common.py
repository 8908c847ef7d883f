"""What several exporters need: strict JSON, the words of one test's output."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from typing import Any

from grader.report import TestResult

BOARD = 1e300
"""The greatest number on a leaderboard; beyond it a report isn't valid."""


def strict_json(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in ASCII; raises ValueError for nan and infinities, which no platform takes."""
    return json.dumps(value, allow_nan=False, ensure_ascii=True, indent=indent)


def board_value(value: float | str) -> float | str:
    """Return a leaderboard's value as platforms take it: numbers within their bounds, texts on one line."""
    if isinstance(value, str):
        return " ".join(value.split())[:255]
    return min(max(value, -BOARD), BOARD) if math.isfinite(value) else value  # strict_json refuses the latter


def headings(tests: Sequence[TestResult], taken: Collection[str] = ()) -> list[str]:
    """Return a name for each test: its number, where it has one, and its title.

    Platforms that file rows by name would lose all but one of a name, so equal ones are numbered; so are those that are
    equal but for case, and those in `taken`.
    """
    names: list[str] = []
    seen = {name.casefold() for name in taken}
    for test in tests:
        first = name = f"{test.number} {test.title}".strip()
        again = 1
        while name.casefold() in seen:
            again += 1
            name = f"{first} ({again})"
        seen.add(name.casefold())
        names.append(name)
    return names


def explanation(test: TestResult) -> str:
    """Return what a student reads about one test: message, hint, how to run it, then what the code printed."""
    blocks = [test.message] if test.message else []
    if test.hint:
        blocks.append(f"Hint: {test.hint}")
    if test.command and test.status != "passed":
        blocks.append(f"See what is expected, with the numbers of your handout: {test.command}")
    if test.output.strip():
        blocks.append(f"Printed during the test:\n{test.output.rstrip()}")
    return "\n".join(blocks)
