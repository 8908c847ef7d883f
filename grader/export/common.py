"""Functions that several exporters use: strict JSON, and the text of one test's output."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from typing import Any

from grader.report import TestResult

BOARD = 1e300
"""The greatest number on a leaderboard; a greater one makes a report invalid."""


def strict_json(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in ASCII; raises ValueError for nan and infinities, which no platform accepts."""
    return json.dumps(value, allow_nan=False, ensure_ascii=True, indent=indent)


def board_value(value: float | str) -> float | str:
    """Return a leaderboard's value as platforms accept it: numbers within their bounds, texts on one line."""
    if isinstance(value, str):
        return " ".join(value.split())[:255]
    return min(max(value, -BOARD), BOARD) if math.isfinite(value) else value  # strict_json refuses nan and infinities


def headings(tests: Sequence[TestResult], taken: Collection[str] = ()) -> list[str]:
    """Return a name for each test: its number, if it has one, and its title.

    Platforms that store rows by name keep only one of each name. So equal names are numbered. So are names that differ
    only in case, and names in `taken`.
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
    """Return the student's text about one test: message, hint, command to run it, then the code's output."""
    blocks = [test.message] if test.message else []
    if test.hint:
        blocks.append(f"Hint: {test.hint}")
    if test.command and test.status != "passed":
        blocks.append(f"See what is expected, with the numbers of your handout: {test.command}")
    if test.output.strip():
        blocks.append(f"Printed during the test:\n{test.output.rstrip()}")
    return "\n".join(blocks)
