"""Makes the questions of a grading: the tests without the parts that a worker must not have.

The child of a visible test has the same tests as the handout, and no hidden one. Some arguments of a check are for the
judge only: the input of a dropout, a published number, a tolerance. They are None in a worker's copy. The judge reads
them from the record run, so the worker doesn't need them, and a submission that patches the check could read an answer
there.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from grader.assignment import Assignment
from grader.authoring.notebooks import scripts_of
from grader.authoring.shipped import marks, places_of, shipped
from grader.files import own_files
from grader.fixtures import Fixtures
from grader.folders import DATA, HIDDEN_DATA
from grader.questions import Questions

_JUDGED_BY = frozenset(
    {"x", "keep", "delta", "original", "published", "sampler", "strict", "points", "rtol", "atol", "factor"}
)
"""Keywords of a check whose values a grading run doesn't need."""


def make_questions(assignment: Assignment, fixtures: Fixtures, seed: str) -> Questions:
    """Return the tests as workers get them in a grading.

    Args:
        assignment: the tests are in its folder.
        fixtures: all of its recorded tests.
        seed: the graded seed.

    Raises:
        AssignmentError: a hidden test can't be told from what students get.
    """
    every = {file.name: file.read_text("utf-8") for file in sorted(assignment.folder.glob("*.py"))}
    # the process of a visible test never holds data that decides about a hidden one
    data = {name for name in own_files(assignment.folder) if name.startswith(f"{DATA}/{HIDDEN_DATA}/")}
    if all(test.visibility == "visible" for test in fixtures.tests):
        return Questions(seed, _without_given(every), withheld=tuple(sorted(data)))
    places = places_of(assignment, fixtures)
    reference = {
        name: file.read_text("utf-8")
        for name, file in own_files(scripts_of(assignment)).items()
        if name.endswith(".py")
    }
    given = shipped(assignment, marks(assignment.folder, fixtures, places), reference)
    helpers = {name for name in own_files(assignment.folder) if name.startswith("helpers/")}
    return Questions(
        seed,
        _without_given({name: text for name, text in given.texts.items() if "/" not in name}),
        _without_given(every),
        tuple(sorted((helpers - given.texts.keys() - given.data.keys()) | data)),
    )


def _without_given(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: without_given(text) for name, text in texts.items()}


def without_given(text: str) -> str:
    """Return a test file's text with None for the checks' withheld arguments; all other text keeps its line number."""
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
        # the value's other lines are kept empty, so that the lines below keep their numbers
        lines[first : last + 1] = [head + tail] if first == last else [head, *[b""] * (last - first - 1), tail]
    return b"\n".join(lines).decode()


def _is_check(function: ast.expr) -> bool:
    """Whether a call's function is `check` or one of its methods."""
    if isinstance(function, ast.Attribute):
        function = function.value
    return isinstance(function, ast.Name) and function.id == "check"
