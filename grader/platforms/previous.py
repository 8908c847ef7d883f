"""The limit on hand-ins on Gradescope: decides which hand-in isn't graded, and makes its results.

They are the results of the hand-in before it, which Gradescope gives to the grader, with a sentence on top.
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
"""The key in `extra_data` for the times of the graded hand-ins; the next grading reads it."""

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
"""The keys of earlier results that are given back, and their types; the platform may have added other keys."""
_ROW: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("score", "max_score"), _NUMBER),
    **dict.fromkeys(("name", "name_format", "number", "status", "output", "output_format", "visibility"), str),
    "tags": list,
    "extra_data": dict,
}
_BOARD: dict[str, type | tuple[type, ...]] = {"name": str, "value": (*_NUMBER, str), "order": str}


def recent(limit: RateLimit, metadata: Metadata) -> list[datetime]:
    """Return the times of the student's hand-ins that count, oldest first.

    Those are the graded hand-ins that the last results list; if they list none, all earlier hand-ins.
    """
    if metadata.created is None:
        return []
    extra = (metadata.results or {}).get("extra_data")
    told = extra.get(GRADED_AT) if isinstance(extra, dict) else None
    times = [time for item in told if (time := parse_time(item))] if isinstance(told, list) else metadata.earlier
    return sorted(time for time in times if metadata.created - timedelta(hours=limit.hours) < time < metadata.created)


def refusal(limit: RateLimit, metadata: Metadata) -> str | None:
    """Return the sentence for a hand-in past the limit; None if it is to be graded."""
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
    """Return the entry of `extra_data` that the next grading reads."""
    return {GRADED_AT: [time.isoformat() for time in times]}


def given_back(limit: RateLimit, metadata: Metadata, sentence: str) -> dict[str, Any] | None:
    """Return earlier results with a sentence on top; None if they can't be used, and the caller must grade."""
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
    """The entries that have a known key and the right type."""
    return {
        key: item
        for key, item in value.items()
        if key in wanted and isinstance(item, wanted[key]) and not isinstance(item, bool)
    }


def _finite(value: Any) -> bool:
    """Whether a value contains no nan and no infinity: Gradescope refuses the whole file for one of them."""
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
