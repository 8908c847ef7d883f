"""Guards the digest by which equal unnamed mistakes are found: equal for equal mistakes, however they are computed."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from conftest import Overlay
from hypothesis import given
from hypothesis import strategies as st

from grader.assignment import Assignment
from grader.classroom.marks import marks
from grader.classroom.mistakes import clusters
from grader.classroom.page import class_page
from grader.export import exporter
from grader.export.plain import to_value
from grader.fixtures import Alternative, TestSpec
from grader.grade import grade
from grader.gradebook import Entry, Gradebook, Student
from grader.judge.score import judge_test
from grader.pages.student_page import student_page
from grader.recording import Ending, Observation, Recording, Value
from grader.report import Report

RNG = np.random.RandomState(5)
RIGHT = RNG.normal(size=(30, 40))


def seen(array: Any, kind: str = "equal", sort: str = "array", **params: Any) -> Observation:
    array = np.asarray(array)
    return Observation("y", kind, {"actual": Value(sort, str(array.dtype), array)}, params)


def spec(expected: Observation) -> TestSpec:
    return TestSpec("test_a.py::test_b", "a", "A title", "1.1", Fraction(1), expected=(expected,))


def digest(array: Any, expected: Any = RIGHT, ending: Ending = "ok", message: str = "") -> str:
    recording = Recording(ending, message, () if array is None else (seen(array),))
    return judge_test(spec(seen(expected)), (), recording).fingerprint


def test_a_passed_test_has_none() -> None:
    assert digest(RIGHT) == ""
    assert digest(RIGHT.astype(np.float32)) == ""


@pytest.mark.parametrize(
    "wrong",
    [2 * RIGHT, -RIGHT, RIGHT + 0.01, np.zeros_like(RIGHT), RIGHT[::-1], np.abs(RIGHT), np.where(RIGHT > 2, 0, RIGHT)],
    ids=["double", "sign", "offset", "zeros", "reversed", "absolute", "few"],
)
def test_one_mistake_has_one_digest_in_any_precision_and_order_of_sums(wrong: np.ndarray[Any, Any]) -> None:
    noise = wrong * (1 + 1e-14 * RNG.normal(size=wrong.shape))
    digests = {digest(wrong), digest(noise), digest(wrong.astype(np.float32))}
    assert len(digests) == 1
    assert digests != {""}


def test_different_mistakes_have_different_digests() -> None:
    one_cell, other_cell = RIGHT.copy(), RIGHT.copy()
    one_cell[0, 0] += 1
    other_cell[20, 3] += 1
    wrong = [
        *(RIGHT * factor for factor in (2, 3, -1, 0, 0.5, 1.1)),
        *(RIGHT + offset for offset in (1, -1, 0.5)),
        *(RIGHT[::-1], RIGHT[:, ::-1], RIGHT.T, RIGHT.sum(axis=0), RIGHT.astype(np.int64), np.full_like(RIGHT, np.nan)),
        *(one_cell, other_cell, np.roll(RIGHT, 1, axis=0), np.roll(RIGHT, 1, axis=1), np.maximum(RIGHT, 0)),
        np.random.RandomState(6).normal(size=RIGHT.shape),
        np.random.RandomState(7).normal(size=RIGHT.shape),
    ]
    assert len({digest(array) for array in wrong}) == len(wrong)


def test_a_long_value_has_one_digest_for_a_mistake_all_over_and_another_for_one_cell() -> None:
    right = np.random.RandomState(8).normal(size=(700, 300))
    cells = [right.copy() for _ in range(2)]
    cells[0][100, 101] += 1
    cells[1][650, 7] += 1
    assert digest(right * 2, right) == digest((right * 2).astype(np.float32), right)
    assert len({digest(wrong, right) for wrong in (right * 2, right + 1, *cells)}) == 4


@given(st.floats(0.01, 100), st.sampled_from([1.1, 2.0, -1.0, 0.0]), st.integers(1, 400))
def test_a_factor_has_one_digest_whatever_the_scale_and_the_size(scale: float, factor: float, size: int) -> None:
    right = scale * np.random.RandomState(size).normal(size=size)
    one, other = right * factor, (right.astype(np.float64) / 3) * (3 * factor)
    assert digest(one, right) == digest(other, right) != ""


@pytest.mark.parametrize(
    "wrong",
    [np.inf, 1e300, -1e300, np.nan, 5e-324],
)
def test_values_without_bounds_have_a_digest_and_make_no_warning(wrong: float) -> None:
    assert len(digest(np.full_like(RIGHT, wrong))) == 16


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8", "complex128", "float16"])
def test_every_sort_of_number_has_a_digest(dtype: str) -> None:
    right = np.arange(6).reshape(2, 3) % 2 + 1
    assert digest((right * 0).astype(dtype), right.astype(dtype)) != ""


def test_endings_that_say_nothing_about_a_mistake_have_none() -> None:
    for ending in ("missing", "refused", "timeout", "crashed", "internal", "skipped"):
        assert digest(None, ending=ending, message="m") == ""


def test_equal_errors_are_alike_whatever_their_numbers() -> None:
    first = digest(None, ending="error", message="ValueError: shapes (3,4) and (5,) don't fit\nat line 12")
    assert first == digest(None, ending="error", message="ValueError: shapes (3,8) and (9,) don't fit\nat line 40")
    assert first != digest(None, ending="error", message="TypeError: shapes (3,4) and (5,) don't fit")
    assert first != ""


def test_a_value_that_a_rule_judges_counts_by_its_message() -> None:
    """Random values differ between equal mistakes."""
    expected = Observation("y", "decreasing", {"actual": Value("array", "float64", np.ones(8))}, {"factor": 0.5})
    made = []
    for seed in (1, 2):
        series = np.random.RandomState(seed).uniform(1, 2, size=8)
        recording = Recording("ok", observations=(seen(series)._replace(kind="decreasing"),))
        made.append(judge_test(spec(expected), (), recording).fingerprint)
    assert made[0] == made[1] != ""


def test_a_known_mistake_has_its_name_instead() -> None:
    known = Alternative("double", Fraction(0), "a hint", (seen(2 * RIGHT),))
    found = judge_test(spec(seen(RIGHT)), (known,), Recording("ok", observations=(seen(2 * RIGHT),)))
    assert (found.variant, found.fingerprint) == ("double", "")


# through the real pipeline

SOLUTION = """import numpy as np


class Dropout:
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        {body}

    def backward(self, delta):
        return delta
"""
BODIES = {
    "one way": "return np.full_like(x, 0.25)",
    "another way": "return x * 0 + 1 / 4",
    "a third way": "return (np.ones_like(x) - 0.75) * (x == x)",
    "another mistake": "return np.full_like(x, 0.75)",
}


@pytest.fixture
def reports(bonus: Assignment, overlay: Overlay) -> dict[str, Report]:
    return {
        name: grade(bonus, overlay({"mytorch/dropout.py": SOLUTION.replace("{body}", body)}))
        for name, body in BODIES.items()
    }


def test_hand_ins_with_one_mistake_are_alike_and_no_student_sees_the_digest(reports: dict[str, Report]) -> None:
    digests = {
        name: {test.id: test.fingerprint for test in report.tests if test.fingerprint}
        for name, report in reports.items()
    }
    assert digests["one way"]
    assert digests["one way"] == digests["another way"]
    assert digests["one way"] != digests["another mistake"]
    report = reports["one way"]
    assert [row["fingerprint"] for row in to_value(report)["tests"]] == [test.fingerprint for test in report.tests]
    texts = [exporter(name)(report) for name in ("gradescope", "autolab", "prairielearn", "markus", "junit", "csv")]
    for text in (*texts, exporter("terminal")(report), student_page(report)):
        assert not any(value in text for value in digests["one way"].values())


def test_a_class_of_real_reports_shows_the_cluster(reports: dict[str, Report]) -> None:
    entries = (Entry(name, (Student(name),), "graded", made) for name, made in reports.items())
    book = Gradebook("cmu11785_hw1_bonus", "Homework", tuple(entries))
    groups = [[entry.key for entry in group.entries] for group in clusters(marks(book))]
    assert ["one way", "another way", "a third way"] in groups
    assert not any("another mistake" in group and len(group) == 3 for group in groups)
    page = class_page(book)
    assert "3 hand-ins are wrong alike in" in page
    assert "cat &gt;&gt; testcases/cmu11785_hw1_bonus/variants.toml" in page
