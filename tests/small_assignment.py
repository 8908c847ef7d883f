"""A small assignment in its own folder, for tests of the instructor's commands: it is right, and easy to break."""

from pathlib import Path

from grader.assignment import Assignment
from grader.settings import load_assignment

NAME = "small"

TOML = """\
title = "A straight line"
seed = 7

[submission]
files = ["line.py"]
forbid = ["torch"]

[limits]
test_seconds = 20
value_mb = 1

[parts.forward]
title = "Forward"
points = 3

[parts.backward]
title = "Backward"
points = 1.5
"""

REFERENCE = '''\
"""A line."""

import numpy as np


class Line:
    """y = slope * x + offset."""

    def __init__(self, slope, offset=0.0):
        """Keep both numbers."""
        self.slope = slope
        self.offset = offset

    def forward(self, x):
        """Return y in the shape of x."""
        # BEGIN SOLUTION
        scaled = self.slope * x
        return scaled + self.offset
        # END SOLUTION

    def backward(self, delta):
        """Return the gradient with respect to x."""
        # BEGIN SOLUTION
        return self.slope * np.asarray(delta)
        # END SOLUTION
'''

TEST_FORWARD = '''\
"""The line itself."""

import pytest
from points import some_points

from grader.testing import number, visibility, weight


@weight(2)
@number("1.1")
@pytest.mark.parametrize("slope", [2.0, -0.5])
def test_values(submission, rng, check, slope):
    """Line.forward gives y"""
    line = submission.line.Line(slope, 0.25)
    check("y", line.forward(some_points(rng)))


@weight(1)
@number("1.2")
@visibility("hidden")
def test_one_number(submission, check):
    """Line.forward of a single number"""
    check("y", submission.line.Line(3.0, 1.0).forward(2.0), published=7.0)
'''

TEST_BACKWARD = '''\
"""Its gradient."""

from points import some_points

from grader.testing import number, weight


@weight(1.5)
@number("2.1")
def test_gradient(submission, rng, check):
    """Line.backward gives the gradient"""
    check("dx", submission.line.Line(3.0).backward(some_points(rng)))
'''

POINTS = '''\
"""Inputs for the tests."""


def some_points(rng):
    return rng.normal(size=(3, 4))
'''

VARIANTS = """\
# one accepted, one wrong

[[variant]]
name = "offset-first"
credit = 1.0
file = "line.py"
find = "return scaled + self.offset"
replace = "return self.slope * (x + self.offset)"

[[variant]]
name = "offset-forgotten"
credit = 0.0
loses = ["forward"]
file = "line.py"
find = "return scaled + self.offset"
replace = "return scaled"
hint = "Add the offset."
"""

FORWARD = "testcases/small/test_forward.py"
BACKWARD = "testcases/small/test_backward.py"
LINE = "reference/small/line.py"
SETTINGS = "testcases/small/assignment.toml"
VARIANTS_FILE = "testcases/small/variants.toml"
HELPER = "testcases/small/points.py"


class Project:
    """A project that holds the small assignment and nothing else; files are named relative to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write(SETTINGS, TOML)
        self.write(LINE, REFERENCE)
        self.write(FORWARD, TEST_FORWARD)
        self.write(BACKWARD, TEST_BACKWARD)
        self.write(HELPER, POINTS)

    def file(self, name: str) -> Path:
        return self.root / name

    def write(self, name: str, text: str) -> None:
        self.file(name).parent.mkdir(parents=True, exist_ok=True)
        self.file(name).write_text(text, "utf-8", newline="\n")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a piece of text that is there exactly once."""
        text = self.file(name).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def add_layer(self) -> None:
        """Let `forward` call another method that students write."""
        self.edit(LINE, "        return scaled + self.offset\n", "        return self.add(scaled)\n")
        self.edit(
            LINE,
            "    def backward(self, delta):\n",
            '    def add(self, x):\n        """Add the offset."""\n        # BEGIN SOLUTION\n'
            "        return x + self.offset\n        # END SOLUTION\n\n    def backward(self, delta):\n",
        )

    def line(self, name: str, needle: str) -> int:
        """The number of the first line that holds `needle`."""
        lines = self.file(name).read_text("utf-8").split("\n")
        return next(number for number, line in enumerate(lines, 1) if needle in line)

    def load(self) -> Assignment:
        return load_assignment(self.root, NAME)
