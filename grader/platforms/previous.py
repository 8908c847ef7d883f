"""The limit on hand-ins on Gradescope: which hand-in isn't graded, and what it gets instead.

It gets the results of the one before it, which Gradescope hands to the grader, with a sentence on top.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from grader.export.gradescope import OUTPUT_CHARS
from grader.platforms.metadata import Metadata, parse_time
from grader.policy import RateLimit
from grader.text import cut

NOT_GRADED = "Not graded:"
GRADED_AT = "graded_at"
"""The key in `extra_data` under which a hand-in tells the next one when those before it were graded."""

_NUMBER = (int, float)
_TOP: dict[str, type | tuple[type, ...]] = {
    "score": _NUMBER,
    "execution_time": _NUMBER,
    "output": str,
    **dict.fromkeys(("test_output_format", "test_name_format", "visibility", "stdout_visibility"), str),
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
"""What of earlier results is given back, and the type that it must have; the platform may have added to them."""
_ROW: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("score", "max_score"), _NUMBER),
    **dict.fromkeys(("name", "name_format", "number", "status", "output", "output_format", "visibility"), str),
    "tags": list,
    "extra_data": dict,
}
_BOARD: dict[str, type | tuple[type, ...]] = {"name": str, "value": (*_NUMBER, str), "order": str}


def recent(limit: RateLimit, metadata: Metadata) -> list[datetime]:
    """Return when the student's hand-ins that count were made, oldest first.

    Those that were graded, as the results of the last one tell; all of them, where they don't.
    """
    if metadata.created is None:
        return []
    extra = (metadata.results or {}).get("extra_data")
    told = extra.get(GRADED_AT) if isinstance(extra, dict) else None
    times = [time for item in told if (time := parse_time(item))] if isinstance(told, list) else metadata.earlier
    return sorted(time for time in times if metadata.created - timedelta(hours=limit.hours) < time < metadata.created)


def refusal(limit: RateLimit, metadata: Metadata) -> str | None:
    """Return the sentence for a hand-in past the limit; None for one that is to be graded."""
    times = recent(limit, metadata)
    if len(times) < limit.submissions:
        return None
    again = times[-limit.submissions] + timedelta(hours=limit.hours)
    often = "once" if limit.submissions == 1 else f"{limit.submissions} times"
    return (
        f"{NOT_GRADED} you may hand in {often} in {limit.hours:g} hours. Below are the results of your hand-in before "
        f"this one. You can hand in again from {again:%Y-%m-%d %H:%M} UTC on."
    )


def graded_at(times: Sequence[datetime]) -> dict[str, list[str]]:
    """Return what the next hand-in needs to know, for `extra_data`."""
    return {GRADED_AT: [time.isoformat() for time in times]}


def given_back(limit: RateLimit, metadata: Metadata, sentence: str) -> dict[str, Any] | None:
    """Return earlier results with a sentence on top; None where they can't be used, so that one grades instead."""
    results = metadata.results
    if results is None:
        return None
    kept = _typed(results, _TOP)
    for key, wanted in (("tests", _ROW), ("leaderboard", _BOARD)):
        if key in kept:
            kept[key] = [_typed(row, wanted) for row in kept[key] if isinstance(row, dict)]
    if "leaderboard" in kept:
        kept["leaderboard"] = [row for row in kept["leaderboard"] if {"name", "value"} <= set(row)]
    if "score" not in kept and not any("score" in row for row in kept.get("tests", [])):
        return None
    if not _finite(kept):
        return None
    text = kept.get("output", "")
    if text.startswith(NOT_GRADED):
        text = text.partition("\n\n")[2]  # an earlier refusal's own sentence
    kept.update(output=cut(f"{sentence}\n\n{text}".rstrip(), OUTPUT_CHARS), output_format="text")
    kept["extra_data"] = kept.get("extra_data", {}) | graded_at(recent(limit, metadata))
    return kept


def _typed(value: dict[str, Any], wanted: dict[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """The entries that are known and of their type."""
    return {
        key: item
        for key, item in value.items()
        if key in wanted and isinstance(item, wanted[key]) and not isinstance(item, bool)
    }


def _finite(value: Any) -> bool:
    """Whether no nan and no infinity is in it: Gradescope takes nothing at all for one of them."""
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
