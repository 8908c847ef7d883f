"""Remembers a record run, so that a call after which nothing changed ends at once, and another keeps what it may.

The stamp is in the course's `build/record`; without it, everything is recorded. See `kept` for what a change leaves.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import grader
from grader.assignment import Assignment
from grader.authoring.kept import Last, last_run, to_json
from grader.files import own_files, write_atomically


def state_of(assignment: Assignment) -> str:
    """Return a digest of all that a record run depends on, and of the fixtures on disk."""
    whole = hashlib.sha256()
    versions = [platform.python_version(), *(metadata.version(name) for name in ("numpy", "pytest"))]
    if assignment.library == "torch":
        versions.append(metadata.version("torch"))
    whole.update("\n".join(versions).encode())
    for folder in (assignment.folder, assignment.reference, Path(grader.__file__).parent):
        for name, file in own_files(folder).items() if folder.is_dir() else ():
            whole.update(f"\0{name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return whole.hexdigest()


def remembered(assignment: Assignment) -> list[str] | None:
    """Return the sentences of the last record run if nothing changed since; else None."""
    found = _read(assignment)
    try:
        return list(found["said"]) if found["state"] == state_of(assignment) else None
    except (KeyError, TypeError):
        return None


def last(assignment: Assignment) -> dict[str, Last]:
    """Return what the next record run may keep of the last one."""
    return last_run(assignment, _read(assignment).get("runs", {}))


def remember(assignment: Assignment, said: list[str], runs: Mapping[str, Last]) -> None:
    """Keep what a record run that has just been written said: its warnings, then its result."""
    file = _file(assignment)
    file.parent.mkdir(parents=True, exist_ok=True)
    value = {"state": state_of(assignment), "said": said, "runs": to_json(assignment, runs)}
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
