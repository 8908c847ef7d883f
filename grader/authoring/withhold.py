"""Makes the questions of a grading: the tests without what a worker must not have.

A child of a visible test has what the handout has of the tests, and no hidden one. And what a test tells a check for
the judge's sake only (the input that a dropout is judged by, a published number, a tolerance) is None in a worker's
copy: the judge takes it from the record run, so a submission that patches the check would find an answer there, and
nothing else would need it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from grader.assignment import Assignment
from grader.authoring.shipped import marks, places_of, shipped
from grader.files import own_files
from grader.fixtures import Fixtures
from grader.questions import Questions

_JUDGED_BY = frozenset(
    {"x", "keep", "delta", "original", "published", "sampler", "strict", "points", "rtol", "atol", "factor"}
)
"""Keywords of a check that a grading run needs no value of."""


def make_questions(assignment: Assignment, fixtures: Fixtures, seed: str) -> Questions:
    """Return the tests as workers get them in a grading.

    Args:
        assignment: whose tests are meant.
        fixtures: all of its recorded tests.
        seed: the graded one.

    Raises:
        AssignmentError: a hidden test can't be told from what students get.
    """
    every = {file.name: file.read_text("utf-8") for file in sorted(assignment.folder.glob("*.py"))}
    if all(test.visibility == "visible" for test in fixtures.tests):
        return Questions(seed, _without_given(every))
    places = places_of(assignment, fixtures)
    reference = {
        name: file.read_text("utf-8") for name, file in own_files(assignment.reference).items() if name.endswith(".py")
    }
    given = shipped(assignment, marks(assignment.folder, fixtures, places), reference)
    helpers = {name for name in own_files(assignment.folder) if name.startswith("helpers/")}
    return Questions(
        seed,
        _without_given({name: text for name, text in given.texts.items() if "/" not in name}),
        _without_given(every),
        tuple(sorted(helpers - given.texts.keys() - given.data.keys())),
    )


def _without_given(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: without_given(text) for name, text in texts.items()}


def without_given(text: str) -> str:
    """Return a test file's text with None for what checks are given; every other character keeps its line."""
    spots = [
        keyword.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _is_check(node.func)
        for keyword in node.keywords
        if keyword.arg in _JUDGED_BY
    ]
    lines = [line.encode() for line in text.split("\n")]
    for spot in sorted(spots, key=lambda node: (-node.lineno, -node.col_offset)):
        first, last = spot.lineno - 1, (spot.end_lineno or spot.lineno) - 1
        tail = lines[last][spot.end_col_offset :]
        head = lines[first][: spot.col_offset] + b"None"
        # the value's other lines stay, empty, so that those below keep their numbers
        lines[first : last + 1] = [head + tail] if first == last else [head, *[b""] * (last - first - 1), tail]
    return b"\n".join(lines).decode()


def _is_check(function: ast.expr) -> bool:
    """Whether a call's function is `check` or one of its methods."""
    if isinstance(function, ast.Attribute):
        function = function.value
    return isinstance(function, ast.Name) and function.id == "check"
