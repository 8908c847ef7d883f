"""Guards the law that students have no right answer, with hand-ins that answer from the handout.

The hand-in patches the checks in its own process: a check gets the value from a recording, whatever the layers return.
With the graded recording the hand-in would earn full marks; with the handout's recording it earns nothing.
"""

import base64
from pathlib import Path

import pytest
from conftest import ROOT

from grader.assignment import Assignment
from grader.fixtures import PUBLIC, Fixtures, load_current
from grader.grade import grade
from grader.judge.score import replayed
from grader.recording import DTYPES
from grader.settings import assignment_names, load_assignment

ANSWERS = '''
import base64, sys
import numpy as np
from grader.recording import DTYPES, Observation, Value, plain
from grader.testing.check import Check

KNOWN = {known}


def answer(self, kind, name, observed, given=None, **params):
    frame = sys._getframe(1)
    while "item" not in frame.f_locals or not hasattr(frame.f_locals["item"], "nodeid"):
        frame = frame.f_back
    values = {{}}
    for role, (sort, dtype, shape, text) in KNOWN[frame.f_locals["item"].nodeid, name].items():
        values[role] = Value(sort, dtype, plain(dtype, base64.b64decode(text), shape))
    self._recorder.add(Observation(name, kind, values, {{}}))


Check._add = answer


class Anything:
    """Every class, function, argument and value of the homework."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return Anything()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __getitem__(self, key):
        return Anything()

    def __setitem__(self, key, value):
        pass

    def __array__(self, dtype=None, copy=None):
        return np.zeros(())

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 3

    def __float__(self):
        return 0.0

    for name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "matmul", "rmatmul", "neg", "pow"):
        locals()["__" + name + "__"] = lambda self, *args: Anything()


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Anything()
'''


def answers_of(fixtures: Fixtures) -> str:
    """A module that answers with the values of a recording."""
    known = {}
    for test in fixtures.tests:
        for item in test.expected:
            known[test.id, item.name] = {
                role: (
                    value.type,
                    value.dtype,
                    value.array.shape,
                    _bytes(value.dtype, value.array.astype(DTYPES[value.dtype])),
                )
                for role, value in item.values.items()
                if value.array is not None and value.dtype != "bfloat16"
            }
    return ANSWERS.format(known=repr(known))


def _bytes(dtype: str, array: object) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")  # type: ignore[attr-defined]  # an array


def answering(assignment: Assignment, fixtures: Fixtures, folder: Path) -> Path:
    """A hand-in whose every file answers from a recording."""
    for name in load_current(assignment).required:
        if name.endswith(".py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(answers_of(fixtures), "utf-8")
    return folder


def test_the_handouts_values_earn_nothing_and_the_graded_ones_would(bonus: Assignment, tmp_path: Path) -> None:
    graded = load_current(bonus)
    report = grade(bonus, answering(bonus, load_current(bonus, PUBLIC), tmp_path / "public"))
    assert report.score == 0, [test.id for test in report.tests if test.score]
    report = grade(bonus, answering(bonus, graded, tmp_path / "graded"))
    # this is how much the same trick is worth where the values are the graded ones
    assert report.score > report.max_score / 2


@pytest.mark.parametrize("name", assignment_names(ROOT))
def test_no_value_of_a_handout_is_right_in_a_grading(name: str) -> None:
    assignment = load_assignment(ROOT, name)
    graded = {test.id: test for test in load_current(assignment).tests}
    alternatives = load_current(assignment).alternatives
    for test in load_current(assignment, PUBLIC).tests:
        assert replayed(test, graded[test.id], alternatives.get(test.id, ())) == 0, test.id
