"""Guards the hints: each rule recognises its mistake, and says nothing about right, random or ambiguous arrays."""

import re
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from numpy.typing import NDArray

from grader.fixtures import load_current
from grader.judge.compare import Comparison, compare
from grader.judge.hints import hint_for
from grader.recording import Value
from grader.settings import assignment_names, load_assignment

Array = NDArray[Any]


def value(array: Array) -> Value:
    return Value("array", array.dtype.name, np.ascontiguousarray(array).reshape(array.shape))


def verdict(actual: Array, expected: Array) -> Comparison:
    return compare(value(actual), value(expected), show_expected=True)


def hint(actual: Array, expected: Array, *, show: bool = True) -> str:
    """The hint as a student gets it, for an array that must not pass; without `show`, of a hidden test."""
    found = compare(value(actual), value(expected), show_expected=show)
    assert not found.passed
    return found.hint


def draw(*shape: int, seed: int = 0) -> Array:
    return np.random.RandomState(seed).normal(size=shape)


EXPECTED = draw(6, 4)


# each rule


def test_transposed() -> None:
    assert "transpose" in hint(EXPECTED.T, EXPECTED)
    square = draw(5, 5)
    assert "transpose" in hint(square.T, square)
    assert "transpose" in hint(np.arange(12).reshape(3, 4).T, np.arange(12).reshape(3, 4))


def test_sign() -> None:
    for expected in (EXPECTED, draw(3), draw(2, 3, 4), np.arange(-5, 9)):
        assert hint(-expected, expected) == "the sign is the wrong way round"


@pytest.mark.parametrize("shape", [(6, 4), (7,), (2, 3, 5)])
def test_a_mean_where_a_sum_is_meant_and_the_other_way_round(shape: tuple[int, ...]) -> None:
    expected = draw(*shape)
    for size in shape:
        assert f"1/{size} of the expected ones" in hint(expected / size, expected)
        assert "a mean" in hint(expected / size, expected)
        assert f"{size} times the expected ones" in hint(expected * size, expected)
        assert "a sum" in hint(expected * size, expected)


@pytest.mark.parametrize("factor", [0.5, -0.5, 10.0, 1.01, 1e6, 1e-6])
def test_any_other_factor(factor: float) -> None:
    assert f"{factor:.4g} times the expected ones everywhere" in hint(EXPECTED * factor, EXPECTED)


def test_a_factor_near_a_size_is_no_size() -> None:
    for factor in (6.02, 1 / 6.02, 4.01, 1 / 3.99):
        said = hint(EXPECTED * factor, EXPECTED)
        assert f"{factor:.4g} times the expected ones everywhere" in said
        assert "size" not in said


def test_zeros() -> None:
    for expected in (EXPECTED, draw(3), np.arange(1, 5)):
        assert hint(np.zeros_like(expected), expected) == "all your values are zero"


@pytest.mark.parametrize("keep", [0.3, 0.7])
def test_dropout_where_none_should_be(keep: float) -> None:
    expected = draw(20, 30)
    mask = np.random.RandomState(1).rand(20, 30) < keep
    said = hint(expected * mask / keep, expected)
    assert f"{int((~mask).sum())} elements are zero that shouldn't be" in said
    assert f"scaled by {1 / keep:.4g}" in said
    assert "dropout is applied where it must not be" in said
    unscaled = hint(expected * mask, expected)
    assert "dropout is applied" in unscaled
    assert "ReLU is applied where it must not be" in hint(np.maximum(expected, 0), expected)
    assert "scaled" not in unscaled


def test_one_row_or_column() -> None:
    for axis, word in ((0, "row"), (1, "column")):
        for line in range(EXPECTED.shape[axis]):
            actual = EXPECTED.copy()
            np.moveaxis(actual, axis, 0)[line] += draw(EXPECTED.shape[1 - axis], seed=line + 1)
            assert hint(actual, EXPECTED) == f"only {word} {line} is wrong"


@pytest.mark.parametrize("shape", [(24,), (6, 4, 1), (1, 6, 4), (3, 8)])
def test_right_values_in_another_shape(shape: tuple[int, ...]) -> None:
    assert "the values are right, only the shape isn't" in hint(EXPECTED.reshape(shape), EXPECTED)


def test_a_bias_that_lost_its_first_dimension() -> None:
    assert "keepdims=True or reshape helps" in hint(draw(7), draw(1, 7))
    assert "leave keepdims=True out" in hint(draw(7, 1), draw(7))


@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_one_value_for_each_element_where_one_number_is_expected(shape: tuple[int, ...]) -> None:
    losses = np.abs(draw(9))
    assert "summed up" in hint(losses, losses.sum().reshape(shape))
    assert "averaged" in hint(losses, losses.mean().reshape(shape))
    assert hint(losses, np.full(shape, 77.0)) == ""


def test_too_coarse_a_dtype() -> None:
    assert "float16, too coarse here; compute in float64" in hint(EXPECTED.astype(np.float16), EXPECTED)
    assert hint(EXPECTED.astype(np.float16) + draw(6, 4, seed=5).astype(np.float16), EXPECTED) != ""


def test_whole_numbers_have_hints_too() -> None:
    expected = np.arange(1, 13).reshape(3, 4)
    assert "2 times" in hint(expected * 2, expected)
    assert "only row 1" in hint(expected + np.array([[0], [5], [0]]), expected)


def test_a_small_error_that_shows_in_one_row_is_not_called_a_wrong_row() -> None:
    expected = draw(6, 4) + 3
    actual = expected.copy()
    actual[2] += 1e-3
    assert hint(actual, expected) == ""


def test_one_wrong_element_is_not_called_a_wrong_row() -> None:
    expected = draw(4, 6)
    actual = expected.copy()
    actual[3, 5] += 1
    assert "row" not in hint(actual, expected)
    assert "column" not in hint(actual, expected)


def test_values_at_the_labels_alone_are_not_called_dropout() -> None:
    expected = draw(12, 5)
    labels = np.eye(5, dtype=bool)[np.arange(12) * 3 % 5]
    assert "dropout" not in hint(np.where(labels, expected, 0.0), expected)


# the most certain one first


def test_a_transposed_array_is_not_called_wrong_in_its_shape_only() -> None:
    vector = draw(1, 5)
    assert "transpose" in hint(vector.T, vector)


def test_zeros_are_not_called_a_factor_or_a_dropout() -> None:
    assert "factor" not in hint(np.zeros((6, 4)), EXPECTED)
    assert "dropout" not in hint(np.zeros((6, 4)), EXPECTED)


def test_the_negative_is_a_sign_and_not_a_factor() -> None:
    assert "factor" not in hint(-EXPECTED, EXPECTED)


# silence


def test_nothing_is_said_about_a_right_array() -> None:
    for expected in (EXPECTED, np.zeros((3, 3)), np.eye(4), draw(0, 3), np.array(2.0), np.arange(6), draw(9).round()):
        found = verdict(expected.copy(), expected)
        assert (found.passed, found.hint, found.message) == (True, "", "")


@pytest.mark.parametrize("shape", [(6, 4), (5, 5), (7,), (3, 4, 5), (30, 40), (2, 2), (1, 9), (9, 1)])
def test_nothing_is_said_about_random_arrays(shape: tuple[int, ...]) -> None:
    for seed in range(60):
        expected, actual = draw(*shape, seed=2 * seed), draw(*shape, seed=2 * seed + 1)
        assert hint(actual, expected) == ""
        assert hint(np.abs(actual), expected) == ""
        assert hint(expected + 0.01 * actual, expected) == ""


def test_nothing_is_said_about_random_arrays_with_zeros() -> None:
    for seed in range(60):
        expected, actual = draw(8, 9, seed=2 * seed), np.maximum(draw(8, 9, seed=2 * seed + 1), 0)
        assert hint(actual, expected) == ""
        assert hint(-actual, expected) == ""
        assert hint(actual, np.maximum(expected, 0)) == ""


@pytest.mark.parametrize("shapes", [((6, 4), (4, 7)), ((5,), (6,)), ((3, 4), (2, 6)), ((2, 3), (3, 2)), ((4,), (1,))])
def test_nothing_is_said_about_random_arrays_of_another_shape(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    for seed in range(30):
        assert hint(draw(*shapes[0], seed=2 * seed), draw(*shapes[1], seed=2 * seed + 1)) == ""


def test_nothing_is_said_where_several_rows_are_wrong() -> None:
    actual = EXPECTED.copy()
    actual[[1, 3]] += draw(2, 4, seed=9)
    assert hint(actual, EXPECTED) == ""


def test_two_lines_are_too_few_to_call_one_of_them_the_wrong_one() -> None:
    expected = draw(2, 2)
    actual = expected.copy()
    actual[0] += draw(2, seed=3)
    assert "row" not in hint(actual, expected)


def test_a_row_that_was_left_at_zero_is_not_called_dropout() -> None:
    actual = EXPECTED.copy()
    actual[-1] = 0.0
    assert "dropout" not in hint(actual, EXPECTED)


def test_a_loop_that_stops_too_early_is_not_called_dropout() -> None:
    expected = draw(40)
    actual = expected.copy()
    actual[30:] = 0.0
    assert "dropout" not in hint(actual, expected)


def test_a_single_element_proves_no_factor() -> None:
    actual, expected = np.zeros(6), draw(6)
    actual[2] = 7.5
    assert hint(actual, expected) == ""
    one_hot = np.zeros(6)
    one_hot[2] = 1.0
    assert "everywhere" not in hint(actual, one_hot)


def test_nothing_is_said_of_arrays_with_nan_or_infinity() -> None:
    for poison in (np.nan, np.inf):
        actual = EXPECTED.copy()
        actual[0, 0] = poison
        assert hint(actual, EXPECTED) == ""
        assert hint(EXPECTED * 2, actual) == ""


def test_nothing_is_said_of_booleans_and_single_numbers() -> None:
    assert hint(np.array([True, False]), np.array([False, True])) == ""
    assert hint(np.array(2.0), np.array(4.0)) == ""
    assert hint(np.array([2.0]), np.array([4.0])) == ""


def test_unsigned_numbers_have_no_sign() -> None:
    assert "sign" not in hint(np.array([1, 2, 3], np.uint8), np.array([255, 254, 253], np.uint8))


def test_the_demand_of_the_check_decides_what_is_equal() -> None:
    loose = 0.1

    def close(first: Array, second: Array) -> bool:
        return first.shape == second.shape and bool((np.abs(first - second) <= loose).all())

    nearly = EXPECTED * 2 + 0.01
    assert "2" in hint_for(nearly, EXPECTED, close, show=True)
    loose = 1e-9
    assert hint_for(nearly, EXPECTED, close, show=True) == ""


def test_a_hidden_test_tells_no_factor() -> None:
    """Beside one's own values, which the message shows, a factor would be the expected ones."""
    for factor in (1 / 6, 2.5):
        said = hint(EXPECTED * factor, EXPECTED, show=False)
        assert "times one constant" in said
        assert not any(character.isdigit() for character in said)
    mask = np.random.RandomState(3).binomial(1, 0.6, (9, 8))
    expected = draw(9, 8) + 5
    assert "scaled: dropout is applied" in hint(expected * mask * 2.5, expected, show=False)


def test_a_hint_tells_no_expected_number() -> None:
    expected = np.array([[0.123456789, 0.987654321], [0.555444333, 0.222111999]])
    for actual in (expected * 3, -expected, np.zeros((2, 2)), expected.T, expected.reshape(4)):
        said = hint(actual, expected)
        assert said
        assert not any(f"{cell:.4g}" in said for cell in expected.ravel())


# hints that are written for an assignment

FORMULAS = {"0", "1", "2", "3", "0.5"}
"""Numbers that stand in formulas and name dimensions."""


@pytest.mark.parametrize("name", assignment_names(ROOT))
def test_no_hint_of_a_hidden_test_gives_away_what_it_is_run_on(name: str) -> None:
    """Every number in such a hint is one that students have in their template, or of a formula."""
    assignment = load_assignment(ROOT, name)
    fixtures = load_current(assignment)
    given = "\n".join(
        file.read_text("utf-8") for file in assignment.template.rglob("*") if file.suffix in (".py", ".toml", ".ipynb")
    )
    public = set(re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", given)) | FORMULAS
    hidden = [test.id for test in fixtures.tests if test.visibility != "visible"]
    assert hidden
    hints = {item.hint for test in hidden for item in fixtures.alternatives.get(test, ()) if item.hint}
    assert hints
    for hint in hints:
        numbers = set(re.findall(r"(?<![A-Za-z_\d.])\d+(?:\.\d+)?(?:e-?\d+)?", hint))
        assert numbers <= public, hint
        assert not re.search(r"rng|seed\(|parametrize", hint), hint
