"""The noun `Described`: what a collected test says about itself, by its decorators and its docstring.

A record run turns it into a TestSpec; in a grading, nothing of it but the id matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Described:
    """One collected test. The fields that decorators set have whatever type the author gave them."""

    id: str
    function: str
    """The id without the parametrised case."""
    part: str
    title: str
    case: str | None
    line: int | None
    weight: Any
    number: Any
    visibility: Any
    tags: tuple[str, ...]
    hide_errors: str | None
    partial: bool
    leaderboard: tuple[str, str] | None
    """Column name and order."""
