"""What several exporters need: strict JSON, the words of one test's output."""

from __future__ import annotations

import json
import math
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


def heading(test: TestResult) -> str:
    """Return a test's number, where it has one, and its title."""
    return f"{test.number} {test.title}".lstrip()


def explanation(test: TestResult) -> str:
    """Return what a student reads about one test: message, hint, how to run it, then what the code printed."""
    blocks = [test.message] if test.message else []
    if test.hint:
        blocks.append(f"Hint: {test.hint}")
    if test.command and test.status != "passed":
        blocks.append(f"Run it alone: {test.command}")
    if test.output.strip():
        blocks.append(f"Printed during the test:\n{test.output.rstrip()}")
    return "\n".join(blocks)
