"""What several exporters need: strict JSON, the words of one test's output."""

from __future__ import annotations

import json
from typing import Any

from grader.report import TestResult


def strict_json(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in ASCII; raises ValueError for nan and infinities, which no platform takes."""
    return json.dumps(value, allow_nan=False, ensure_ascii=True, indent=indent)


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
