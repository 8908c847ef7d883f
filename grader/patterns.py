"""Patterns of paths in assignment.toml: `*` and `?` match inside one folder, `**` any number of folders, also none."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath


def matches(path: PurePosixPath, patterns: Iterable[str]) -> bool:
    """Whether a relative path matches one of the patterns.

    `dl/**/*.py` matches `dl/a.py` and `dl/nn/a.py`; `dl/**` matches every file below `dl`.
    """
    return any(_match(path.parts, _parts(pattern)) for pattern in patterns)


def _match(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if "**" not in pattern:
        return len(parts) == len(pattern) and all(map(fnmatch.fnmatchcase, parts, pattern))
    # the places of the pattern that the parts so far lead to; so the work is bounded by the product of both lengths
    places = _skipped({0}, pattern)
    for part in parts:
        found = set()
        for place in places:
            if place < len(pattern) and pattern[place] == "**":
                found.add(place)
            elif place < len(pattern) and fnmatch.fnmatchcase(part, pattern[place]):
                found.add(place + 1)
        places = _skipped(found, pattern)
        if not places:
            return False
    return len(pattern) in places


def _skipped(places: set[int], pattern: tuple[str, ...]) -> set[int]:
    """Add the places that are reached because `**` also matches no folder."""
    more = set(places)
    for place in places:
        while place < len(pattern) and pattern[place] == "**":
            place += 1
            more.add(place)
    return more


@lru_cache(maxsize=1000)
def _parts(pattern: str) -> tuple[str, ...]:
    return PurePosixPath(pattern).parts
