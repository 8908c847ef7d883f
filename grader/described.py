"""The noun `Described`: the description of a collected test by its decorators and its docstring.

A record run turns it into a TestSpec; a grading uses only its id.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Described(NamedTuple):
    """One collected test. Fields that decorators set may have any type, because the author chose it."""

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
    alone: bool = False
    builds_on: tuple[str, ...] = ()
    """Parts whose code the test needs besides its own."""
    takes_score: bool = True
    """Whether the function takes the argument `set_score`, which `@partial_credit` passes to it."""
