"""The names that a test file imports. They are loaded beside student code, so no module here holds an answer.

The decorators are those of gradescope_utils; `submission`, `rng` and `check` are pytest fixtures and need no import.
"""

from gradescope_utils.autograder_utils.decorators import (
    hide_errors,
    leaderboard,
    number,
    partial_credit,
    tags,
    visibility,
    weight,
)

from grader.testing.check import Check
from grader.testing.decoys import on_decoys
from grader.testing.describe import alone, builds_on
from grader.testing.submission import Submission

__all__ = [
    "Check",
    "Submission",
    "alone",
    "builds_on",
    "hide_errors",
    "leaderboard",
    "number",
    "on_decoys",
    "partial_credit",
    "tags",
    "visibility",
    "weight",
]
