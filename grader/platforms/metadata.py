"""Reads Gradescope's submission_metadata.json. Any field may be missing, null or of another type.

Gradescope reserves the right to change the file, and a trial run in a container has none. So an unreadable field counts
as absent; no content of the file raises an error here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

BYTES = 64 * 2**20
"""The most that is read; the file may contain the whole results of an earlier hand-in."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True)
class Metadata:
    """The data about a hand-in that grading needs besides its files."""

    created: datetime | None = None
    """When it was handed in; a regrade keeps this time, so the clock isn't read."""
    due: datetime | None = None
    """When it was due: the latest due date among its authors, extensions included."""
    earlier: tuple[datetime, ...] = ()
    """When the same student handed in before, without hand-ins that failed for the platform's own reasons."""
    results: dict[str, Any] | None = None
    """The results of the latest of those, as Gradescope kept them."""

    @property
    def lateness(self) -> timedelta:
        """How late it is; zero if it is in time or if that is unknown."""
        if self.created is None or self.due is None:
            return timedelta(0)
        return max(self.created - self.due, timedelta(0))


def read_metadata(file: Path) -> Metadata:
    """Read the file; return an empty Metadata if the file is absent or isn't JSON."""
    try:
        with file.open("rb") as stream:
            value = json.loads(stream.read(BYTES).decode("utf-8", "replace"))
    except (OSError, ValueError, RecursionError):
        return Metadata()
    data = _object(value)
    previous = [_object(item) for item in _list(data.get("previous_submissions"))]
    counted = [item for item in previous if item.get("autograder_error") is not True]
    times = (parse_time(item.get("submission_time")) for item in counted)
    # the latest is the last in every known sample; Gradescope kept the one that has results
    kept = [item["results"] for item in counted if isinstance(item.get("results"), dict)]
    return Metadata(
        created=parse_time(data.get("created_at")),
        due=_due(data),
        earlier=tuple(sorted(time for time in times if time is not None)),
        results=kept[-1] if kept else None,
    )


def _due(data: dict[str, Any]) -> datetime | None:
    """The latest due date of the authors, which includes extensions; the assignment's if they have none."""
    own = [parse_time(date) for date in _own_dates(data)]
    known = [date for date in own if date is not None]
    return max(known) if known else parse_time(_object(data.get("assignment")).get("due_date"))


def _own_dates(data: dict[str, Any]) -> Iterator[Any]:
    for user in _list(data.get("users")):
        yield _object(_object(user).get("assignment")).get("due_date")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def parse_time(value: Any) -> datetime | None:
    """Parse an ISO 8601 time with any number of digits after the second; without an offset it is UTC.

    Returns None for any other value.
    """
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    day, clock, fraction, offset = match.groups()
    offset = "+00:00" if offset in (None, "Z") else offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
    try:
        time = datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0')[:7]:0<7}{offset}")
        return time.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
