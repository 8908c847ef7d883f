"""Remembers a record run, so that the next one ends at once if nothing changed, and else keeps the valid recordings.

The stamp is in the course's `build/record`; without it, everything is recorded. `kept` finds the recordings that stay
valid.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.assignment import Assignment
from grader.authoring.kept import Last, inputs_digest, last_run, to_json
from grader.files import write_atomically


def remembered(assignment: Assignment) -> list[str] | None:
    """Return the sentences of the last record run if nothing changed since; else None."""
    found = _read(assignment)
    try:
        return list(found["said"]) if found["state"] == inputs_digest(assignment) else None
    except (KeyError, TypeError):
        return None


def last(assignment: Assignment) -> dict[str, Last]:
    """Return what the next record run may keep of the last one."""
    return last_run(assignment, _read(assignment).get("runs", {}))


def remember(assignment: Assignment, said: list[str], runs: Mapping[str, Last]) -> None:
    """Keep the sentences of a record run that has just been written: its warnings, then its result."""
    file = _file(assignment)
    file.parent.mkdir(parents=True, exist_ok=True)
    value = {"state": inputs_digest(assignment), "said": said, "runs": to_json(assignment, runs)}
    write_atomically(file, json.dumps(value) + "\n")


def _read(assignment: Assignment) -> dict[str, Any]:
    """The stamp; empty if there is none."""
    try:
        found = json.loads(_file(assignment).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _file(assignment: Assignment) -> Path:
    return assignment.project / "build" / "record" / f"{assignment.name}.json"
