"""Guards the comparison of one value: which values fail and with which message, which pass, what a message reveals.

Values are made from Python objects by `observe`, as the worker makes them.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from grader.judge.compare import NOT_REACHED, TOLERANCES, check_form, compare, scale
from grader.recording import DTYPES, Value
from grader.testing.observe import observe

FLOATS = [name for name in TOLERANCES if name != "bfloat16"]


def value(array: NDArray[Any], dtype: str = "") -> Value:
    return Value("array", dtype or array.dtype.name, array)


def passes(actual: object, expected: object, **options: float | None) -> bool:
    return compare(observe(actual), observe(expected), **options).passed  # type: ignore[arg-type]  # rtol and atol alone


# refusals

MATRIX: NDArray[Any] = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (None, MATRIX, "is None, expected a numpy array"),
        (None, 1.5, "is None, expected a number"),
        (None, "yes", "is None, expected a text"),
        ([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], MATRIX, "is a list of 2, expected a numpy array"),
        ((1.0, 2.0), MATRIX, "is a tuple of 2, expected a numpy array"),
        ({"a": 1}, MATRIX, "is a dict of 1, expected a numpy array"),
        (OrderedDict(), 1.5, "OrderedDict, expected a number"),
        (object(), MATRIX, "object, expected a numpy array"),
        (len, MATRIX, "builtin_function_or_method, expected a numpy array"),
        ((cell for cell in MATRIX), MATRIX, "is a generator, expected a numpy array"),
        (b"bytes", "bytes", "is a bytes, expected a text"),
        ("3.0", MATRIX, "is the text '3.0', expected a numpy array"),
        ("3.0", 3.0, "is the text '3.0', expected a number"),
        (3.0, "3.0", "is a float64 number, expected a text"),
        (3.0, MATRIX, "is a float64 number, expected a numpy array"),
        (np.float32(3), MATRIX, "is a float32 number, expected a numpy array"),
        (MATRIX, 3.0, "is a float64 array of shape (2, 3), expected a number"),
        (np.array([3.0, 4.0]), 3.0, "is a float64 array of shape (2,), expected a number"),
        (np.full((1, 1, 1), 3.0), 3.0, "is a float64 array of shape (1, 1, 1), expected a number"),
        ([3.0], np.array([3.0]), "is a list"),
        ([3.0, 4.0], 3.0, "expected a number"),
        (MATRIX, "3.0", "expected a text"),
        (MATRIX.view(np.matrix), MATRIX, "is a matrix, expected a numpy array"),
        (np.ma.masked_array(MATRIX), MATRIX, "is a MaskedArray, expected a numpy array"),
        (MATRIX.view(np.recarray), MATRIX, "is a recarray, expected a numpy array"),
        (MATRIX.astype(object), MATRIX, "dtype object"),
        (MATRIX.astype(str), MATRIX, "dtype str"),
        (MATRIX.astype("M8[s]"), MATRIX, "dtype datetime64[s]"),
        (np.zeros((2, 3), dtype=[("a", "f8")]), MATRIX, "dtype void"),
        (np.str_("a"), 3.0, "dtype str"),
        (10**30, 3.0, "dtype object"),
        (MATRIX.T, MATRIX, "shape (3, 2), expected (2, 3)"),
        (MATRIX.reshape(6), MATRIX, "shape (6,), expected (2, 3)"),
        (MATRIX[:1], MATRIX, "shape (1, 3), expected (2, 3)"),
        (MATRIX[0, 0] + np.zeros((1, 1)), MATRIX, "shape (1, 1), expected (2, 3)"),
        (MATRIX.reshape(2, 3, 1), MATRIX, "shape (2, 3, 1), expected (2, 3)"),
        (np.zeros((2, 0)), MATRIX, "shape (2, 0), expected (2, 3)"),
        (np.float64(1.0), np.zeros((0,)), "is a float64 number, expected a numpy array"),
        (MATRIX.astype(complex), MATRIX, "complex128 values, expected float64"),
        (MATRIX.astype(bool), MATRIX, "bool values, expected float64"),
        (MATRIX.astype(int), MATRIX, "int64 values, expected float64"),
        (MATRIX, MATRIX.astype(int), "float64 values, expected int64"),
        (MATRIX.astype(bool), MATRIX.astype(int), "bool values, expected int64"),
        (MATRIX.astype(int), MATRIX.astype(bool), "int64 values, expected bool"),
        (True, 1.0, "bool values, expected float64"),
        (True, 1, "bool values, expected int64"),
        (1 + 0j, 1.0, "complex128 values, expected float64"),
    ],
    ids=lambda item: None if isinstance(item, str) else type(item).__name__,
)
def test_what_is_not_the_expected_sort_of_thing_is_refused(actual: object, expected: object, words: str) -> None:
    verdict = compare(observe(actual), observe(expected))
    assert not verdict.passed
    assert words in verdict.message


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)], ids=str)
def test_a_number_may_be_an_array_of_one_element(shape: tuple[int, ...]) -> None:
    for expected in (3.0, np.float64(3.0), np.array(3.0)):
        assert passes(np.full(shape, 3.0), expected)
        assert not passes(np.full(shape, 3.1), expected)
    assert not passes(np.full((), 3.0), np.full((1,), 3.0))  # an array is expected, and a number isn't one
    assert passes(np.full(shape, 3), 3.0)


def test_a_value_that_was_never_reached_is_said_to_be_so() -> None:
    assert compare(None, observe(MATRIX)).message == NOT_REACHED
    form = check_form(None, observe(MATRIX))
    assert form is not None
    assert form.message == NOT_REACHED


def test_none_has_the_hint_that_a_return_is_missing() -> None:
    assert "return missing" in compare(observe(None), observe(MATRIX)).hint
    assert compare(observe([1.0]), observe(MATRIX)).hint == ""


def test_a_value_over_the_cap_is_refused_with_its_size() -> None:
    verdict = compare(Value("array of 70.0 MiB, more than a test may return"), observe(MATRIX))
    assert not verdict.passed
    assert "70.0 MiB, more than a test may return" in verdict.message


def test_an_array_is_no_tensor_and_a_tensor_no_array() -> None:
    tensor = Value("tensor", "float64", MATRIX)
    assert "expected a torch tensor" in compare(observe(MATRIX), tensor).message
    assert "is a float64 tensor of shape (2, 3), expected a numpy array" in compare(tensor, observe(MATRIX)).message
    assert compare(tensor, tensor).passed


@pytest.mark.parametrize(
    "value", [3.0, np.float32(3), np.array(3.0), np.array([3.0]), np.array([[3.0]]), [3.0], (3.0,)], ids=repr
)
@pytest.mark.parametrize("expected", [3.0, np.array(3.0)], ids=repr)
def test_a_number_may_have_any_shape_of_one_element(value: object, expected: object) -> None:
    assert passes(value, expected)
    assert not passes(value, np.asarray(expected) + 1)


@pytest.mark.parametrize("first", [3.0, np.float32(3), np.array(3.0), np.array(3.0, np.float32)], ids=repr)
@pytest.mark.parametrize("second", [3.0, np.float64(3), np.array(3.0)], ids=repr)
def test_a_number_may_be_a_python_number_or_an_array_without_dimensions(first: object, second: object) -> None:
    assert passes(first, second)
    assert not passes(first, 4.0)


def test_a_whole_number_will_do_for_a_real_number_but_not_in_arrays() -> None:
    assert passes(3, 3.0)
    assert passes(np.int8(3), 3.0)
    assert not passes(4, 3.0)
    assert not passes(np.array([3]), np.array([3.0]))


@pytest.mark.parametrize(("narrow", "wide"), [("float32", "float64"), ("int8", "int64"), ("uint16", "int32")])
def test_the_width_of_a_dtype_is_not_compared(narrow: str, wide: str) -> None:
    cells = np.array([1, 2, 100])
    assert passes(cells.astype(narrow), cells.astype(wide))
    assert passes(cells.astype(wide), cells.astype(narrow))


def test_byte_order_and_memory_order_are_not_compared() -> None:
    assert passes(MATRIX.astype(">f8"), MATRIX)
    assert passes(np.asfortranarray(MATRIX), MATRIX)
    assert passes(np.repeat(MATRIX, 2, axis=1)[:, ::2], MATRIX)


# nan and infinity


def test_nan_must_be_where_the_reference_has_it() -> None:
    expected = np.array([1.0, np.nan, np.inf, -np.inf])
    assert passes(expected.copy(), expected)
    for cells in ([1.0, np.nan, np.inf, np.inf], [1.0, 2.0, np.inf, -np.inf], [np.nan, np.nan, np.inf, -np.inf]):
        assert not passes(np.array(cells), expected)
    assert not passes(np.array([1.0, np.nan, 1e308, -np.inf]), expected)
    assert not passes(np.array([1.0, np.nan, np.nan, -np.inf]), expected)


@pytest.mark.parametrize(("poison", "name"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "inf")])
def test_the_places_of_nan_and_inf_come_first(poison: float, name: str) -> None:
    actual = MATRIX.copy()
    actual[1, 2] = actual[1, 0] = poison
    actual[0, 0] = 77.0
    verdict = compare(observe(actual), observe(MATRIX))
    assert not verdict.passed
    assert f"2 of them are {name}, the first at [1, 0]" in verdict.message
    assert verdict.message.startswith("3 of 6 elements differ; shape (2, 3), float64")


def test_a_finite_number_where_none_should_be_is_said() -> None:
    verdict = compare(observe(MATRIX), observe(np.where(MATRIX > 4, np.inf, MATRIX)))
    assert not verdict.passed
    assert "should not be finite" in verdict.message


@pytest.mark.parametrize("scalar", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_fails(scalar: float) -> None:
    assert not passes(scalar, 3.0)
    assert not passes(3.0, scalar)
    assert passes(scalar, scalar)


def test_nan_in_complex_numbers() -> None:
    expected = np.array([1 + 1j, 2 + 2j])
    assert not passes(np.array([1 + 1j, complex(2, np.nan)]), expected)
    assert not passes(np.array([1 + 1j, complex(np.inf, 2)]), expected)
    assert passes(expected * (1 + 1e-9), expected)


# tolerances


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_tolerance_is_the_one_of_the_references_dtype(dtype: str) -> None:
    expected = np.array([1.0, -1.0, 1.0, -1.0]).astype(dtype)
    rtol = TOLERANCES[dtype]
    wide = expected.astype(complex if expected.dtype.kind == "c" else float)
    # the allowance is relative to the element and to the array's root mean square, both 1 here
    assert passes(wide * (1 + 1.9 * rtol), expected)
    assert not passes(wide * (1 + 2.1 * rtol), expected)


def test_a_coarse_solution_is_held_to_the_references_precision() -> None:
    rng = np.random.RandomState(0)
    expected = rng.normal(size=(30, 20))
    assert passes(expected.astype(np.float32), expected)
    verdict = compare(observe(expected.astype(np.float16)), observe(expected))
    assert not verdict.passed
    assert "float16" in verdict.hint
    assert passes(expected.astype(np.float16), expected.astype(np.float16))


def test_honest_rounding_passes_and_the_mistakes_of_the_field_do_not() -> None:
    rng = np.random.RandomState(1)
    x, w = rng.normal(size=(64, 50)), rng.normal(size=(50, 20))
    expected = np.tanh(x @ w) @ rng.normal(size=(20, 10))
    rng = np.random.RandomState(1)
    x32, w32 = (rng.normal(size=shape).astype(np.float32) for shape in ((64, 50), (50, 20)))
    assert passes(np.tanh(x32 @ w32) @ rng.normal(size=(20, 10)).astype(np.float32), expected)
    for factor in (1.001, 0.999, 64 / 63):
        assert not passes(expected * factor, expected)
    one = expected.copy()
    one[5, 5] += 1e-3
    assert not passes(one, expected)


def test_an_element_near_zero_is_held_to_the_scale_of_its_array() -> None:
    expected = np.array([1.0, 1.0, 1.0, 0.0])
    assert passes(np.array([1.0, 1.0, 1.0, 5e-6]), expected)
    assert not passes(np.array([1.0, 1.0, 1.0, 2e-5]), expected)


def test_an_array_of_small_numbers_is_held_to_its_own_scale() -> None:
    expected = np.array([1e-7, -2e-7, 3e-7])
    assert passes(expected * (1 + 1e-6), expected)
    assert not passes(np.zeros(3), expected)
    assert not passes(expected * 1.01, expected)


def test_zeros_are_compared_exactly() -> None:
    assert passes(np.array([0.0, -0.0]), np.zeros(2))
    assert not passes(np.array([0.0, 1e-300]), np.zeros(2))
    assert passes(np.array([0.0, 1e-300]), np.zeros(2), atol=1e-12)


def test_tolerances_of_the_test_author_replace_the_defaults() -> None:
    expected = np.array([1.0, 100.0])
    assert passes(expected * 1.05, expected, rtol=0.06, atol=0.0)
    assert not passes(expected * 1.07, expected, rtol=0.06, atol=0.0)
    assert passes(expected + 0.9, expected, rtol=0.0, atol=1.0)
    assert not passes(expected + 1.1, expected, rtol=0.0, atol=1.0)
    assert not passes(expected + 1e-15, expected, rtol=0.0, atol=0.0)
    assert passes(expected, expected, rtol=0.0, atol=0.0)
    assert not passes(expected * np.nan, expected, rtol=1e9, atol=1e9)


@pytest.mark.parametrize(
    ("array", "root"),
    [
        (np.array([3.0, 4.0]), 3.5355339),
        (np.array([np.nan, 2.0, np.inf]), 2.0),
        (np.array([np.nan]), 0.0),
        (np.zeros(0), 0.0),
        (np.array([1e300, 1e300]), 1e300),
        (np.array([1e-300, 1e-300]), 1e-300),
        (np.array([3 + 4j]), 5.0),
        (np.array([7, 7]), 0.0),
        (np.array([60000.0, 60000.0], np.float16), 60000.0),
    ],
)
def test_the_scale_is_the_root_mean_square_of_what_is_finite(array: NDArray[Any], root: float) -> None:
    assert scale(array) == pytest.approx(root, rel=1e-3)


# sizes and numbers at the edge


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
@pytest.mark.parametrize("dtype", ["float64", "int32", "bool", "complex64"])
def test_arrays_without_elements(shape: tuple[int, ...], dtype: str) -> None:
    empty = np.zeros(shape, dtype)
    assert passes(empty, empty)
    assert not passes(empty, np.zeros((1,), dtype))
    assert not passes(np.zeros((1,), dtype), empty)
    assert not passes(empty.reshape(*shape, 1), empty)


def test_huge_numbers() -> None:
    expected = np.array([1e300, -1e308, 1e308])
    assert passes(expected * (1 + 1e-7), expected)
    for wrong in (-expected, expected / 2, np.zeros(3), expected[::-1].copy(), expected.reshape(3, 1)):
        assert not passes(wrong, expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (np.array([1 + 1j, 2 - 1j]), np.array([1 + 2j, 2 + 1j])),
        (np.array([1 + 1j, 0j, 0j]), np.array([1 + 1j, 2j, 3j])),
        (np.array(1j), np.array(2j)),
        (np.array([0j]), np.array([1.5e308 + 1.5e308j])),
        (np.array([1.5e308 + 1.5e308j]), np.array([1j])),
        (np.array([np.inf, -np.inf]), np.array([1.0])),
        (np.array([1e308, 1e308]), np.array([1.0])),
        (np.full(3, 60000, np.float16), np.ones(1, np.float16)),
        (np.array([1e300, 0.0]), np.array([1e-300, 1e-300])),
        (np.array([1e200, 0.0, 1e200]), np.array([1e200, 1e200, 1e200])),
        (np.array([-128], np.int8), np.array([127], np.int8)),
        (np.array([True, False]), np.array([False, False])),
    ],
    ids=repr,
)
def test_pairs_on_which_arithmetic_overflows_fail_without_a_warning(
    actual: NDArray[Any], expected: NDArray[Any]
) -> None:
    for show in (False, True):
        verdict = compare(observe(actual), observe(expected), show_expected=show)
        assert not verdict.passed
        assert verdict.message


def test_denormal_numbers() -> None:
    tiny = np.array([5e-324, 1e-310, -1e-320])
    assert passes(tiny, tiny)
    assert not passes(tiny * 2, tiny)
    assert not passes(np.zeros(3), tiny)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_whole_numbers_beyond_the_reach_of_float64(dtype: str) -> None:
    expected = np.array([2**53, 2**62 + 1], dtype)
    assert passes(expected.copy(), expected)
    verdict = compare(observe(expected + np.array([1, 0], dtype)), observe(expected), show_expected=True)
    assert not verdict.passed
    assert "1 of 2 elements differ" in verdict.message
    assert "greatest difference 1 at [0]" in verdict.message


def test_whole_numbers_of_other_sign_and_width() -> None:
    assert not passes(np.array([2**63], np.uint64), np.array([-(2**63)]))
    assert not passes(np.array([2**63 - 1]), np.array([2**63], np.uint64))
    assert not passes(np.array([255], np.uint8), np.array([-1], np.int8))
    assert passes(np.array([-1], np.int8), np.array([-1]))


def test_the_message_about_one_number() -> None:
    hidden = compare(observe(2.5), observe(3.25))
    assert hidden.message == "is 2.5, which is wrong"
    assert compare(observe(2.5), observe(3.25), show_expected=True).message == "is 2.5, expected 3.25"


def test_the_message_about_an_array_says_where_and_how_much() -> None:
    actual = MATRIX.copy()
    actual[1, 0] += 0.5
    actual[1, 1] -= 0.25
    lines = compare(observe(actual), observe(MATRIX), show_expected=True).message.splitlines()
    assert lines[0] == "2 of 6 elements differ; shape (2, 3), float64"
    assert lines[1].startswith("greatest difference 0.5 at [1, 0]; allowed there ")
    allowed = float(lines[1].rsplit(" ", 1)[1])
    assert allowed == pytest.approx(1e-5 * (3.0 + scale(MATRIX)), rel=0.05)
    assert lines[2] == "yours:    0 1 2 3.5 ..."
    assert lines[3] == "expected: 0 1 2 3 ..."
    hidden = compare(observe(actual), observe(MATRIX)).message.splitlines()
    assert hidden[1:] == ["the first of them is at [1, 0]", lines[2]]


def test_the_number_of_wrong_elements_is_exact() -> None:
    rng = np.random.RandomState(2)
    expected = rng.normal(size=(17, 23))
    for count in (1, 5, 391):
        actual = expected.copy()
        actual.reshape(-1)[rng.permutation(391)[:count]] += 1.0
        assert compare(observe(actual), observe(expected)).message.startswith(f"{count} of 391 elements differ")


# texts


def test_texts() -> None:
    assert passes("relu", "relu")
    assert passes("  relu\n", "relu")
    assert not passes("ReLU", "relu")
    assert not passes("", "relu")
    assert passes("größer \N{SNOWMAN}", "größer \N{SNOWMAN}")
    hidden = compare(observe("tanh"), observe("relu"))
    assert "tanh" in hidden.message
    assert "relu" not in hidden.message
    assert "relu" in compare(observe("tanh"), observe("relu"), show_expected=True).message


def test_a_text_that_is_no_utf8_fails_and_does_not_raise() -> None:
    raw = Value("text", "uint8", np.frombuffer(b"\xff\xfe\x00", np.uint8))
    assert not compare(raw, observe("relu")).passed
    assert not compare(observe("relu"), raw).passed


def test_a_long_text_is_cut_in_the_message() -> None:
    assert len(compare(observe("x" * 10**6), observe("relu")).message) < 200


# check_form


def test_the_form_alone() -> None:
    assert check_form(observe(MATRIX + 1), observe(MATRIX)) is None
    for actual in (None, MATRIX.T, MATRIX.astype(int), MATRIX.tolist(), MATRIX.astype(object)):
        verdict = check_form(observe(actual), observe(MATRIX))
        assert verdict is not None
        assert not verdict.passed
        assert verdict.message


# any value against any other

SHAPES: st.SearchStrategy[tuple[int, ...]] = st.one_of(
    st.sampled_from([(), (0,), (1,), (3,), (1, 3), (3, 1), (3, 3), (2, 3), (0, 2), (2, 2, 2), (1, 1)]),
    npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@st.composite
def values(draw: st.DrawFn, kinds: Sequence[str] = ("array", "tensor", "scalar", "text", "other")) -> Value:
    kind = draw(st.sampled_from(kinds))
    if kind == "other":
        others = [Value("NoneType"), Value("list"), Value("array", "object"), Value("tensor", "q")]
        return others[draw(st.integers(0, len(others) - 1))]
    if kind == "text":
        return Value("text", "uint8", np.frombuffer(draw(st.binary(max_size=12)), np.uint8))
    name = draw(st.sampled_from(list(DTYPES)))
    dtype = np.dtype(np.float32) if name == "bfloat16" else np.dtype(name)
    shape = () if kind == "scalar" else draw(SHAPES)
    if draw(st.booleans()):
        cells: list[Any] = [0, 1, 2]
        if dtype.kind in "fc":
            cells += [-1, 0.5, np.nan, np.inf, -np.inf, np.finfo(dtype).max, np.finfo(dtype).min, np.finfo(dtype).tiny]
        elif dtype.kind in "iu":
            limits = np.iinfo(dtype.name)
            cells += [limits.max, limits.min, limits.max - 1]
        elements: st.SearchStrategy[Any] | None = st.sampled_from([dtype.type(cell) for cell in cells])
    else:
        elements = None
    return Value(kind, name, draw(npst.arrays(dtype, shape, elements=elements)))


EXPECTED = values(("array", "tensor", "scalar", "text"))


@settings(max_examples=350)
@given(values(), EXPECTED, st.booleans(), st.sampled_from([None, 0.0, 1e-3]), st.sampled_from([None, 0.0, 1e300]))
def test_any_value_against_any_other_gives_a_verdict(
    actual: Value, expected: Value, show: bool, rtol: float | None, atol: float | None
) -> None:
    verdict = compare(actual, expected, rtol=rtol, atol=atol, show_expected=show)
    assert verdict.passed == (verdict.message == "")
    assert not (verdict.passed and verdict.hint)
    assert len(verdict.message) < 2000
    if verdict.passed:
        assert actual.array is not None
        assert expected.array is not None
        # one number is the same number in an array of one element
        one = expected.array.ndim == 0 and actual.array.size == 1
        assert expected.type == "text" or one or actual.array.shape == expected.array.shape
    check_form(actual, expected)


@settings(max_examples=200)
@given(st.data())
def test_two_arrays_of_one_shape_give_a_verdict(data: st.DataObject) -> None:
    expected = data.draw(values(("array",)))
    assert expected.array is not None
    actual = Value("array", expected.dtype, data.draw(npst.arrays(expected.array.dtype, expected.array.shape)))
    verdict = compare(actual, expected)
    assert verdict.passed == (verdict.message == "")
    assert actual.array is not None
    if np.array_equal(actual.array, expected.array):
        assert verdict.passed


@settings(max_examples=80)
@given(EXPECTED)
def test_every_value_equals_itself(value: Value) -> None:
    assert compare(value, value).passed
    assert compare(value, value, rtol=0.0, atol=0.0).passed


# what a message gives away

DISTINCT = st.floats(min_value=-1e4, max_value=1e4).filter(lambda cell: abs(cell) > 300)


@settings(max_examples=150)
@given(
    npst.arrays(np.float64, npst.array_shapes(max_dims=2, max_side=5), elements=DISTINCT),
    st.sampled_from(["zeros", "scaled", "noise", "transposed", "flat", "nan", "list", "number", "one off", "float16"]),
    st.integers(0, 2**31),
)
def test_expected_numbers_are_never_told_of_hidden_tests(expected: NDArray[Any], wrong: str, seed: int) -> None:
    rng = np.random.RandomState(seed)
    # numbers of many digits, so that none can stand in a message by accident
    expected = expected * rng.uniform(1.1, 1.9, expected.shape)
    one_off = expected.copy()
    one_off.reshape(-1)[0] *= 1.37
    actual: object = {
        "zeros": np.zeros_like(expected),
        "scaled": expected * 3,
        "noise": rng.normal(size=expected.shape),
        "transposed": expected.T * 1.7,
        "flat": np.append(expected, 1.0),
        "nan": expected * np.nan,
        "list": expected.tolist(),
        "number": 1.0,
        "one off": one_off,
        "float16": (expected * 1.01).astype(np.float16),
    }[wrong]
    verdict = compare(observe(actual), observe(expected))
    assume(not verdict.passed)
    # beside the cells of the student's own, which are no secret
    text = "\n".join(line for line in [*verdict.message.splitlines(), verdict.hint] if not line.startswith("yours:"))
    told = [float(number) for number in re.findall(r"\d+\.?\d*(?:e[+-]?\d+)?", text)]
    for cell in expected.ravel():
        # a difference from a known value, from zero say, would tell the expected one in three digits
        assert all(abs(number - abs(cell)) > 5e-3 * abs(cell) for number in told), verdict


def test_expected_numbers_are_shown_where_students_may_see_them() -> None:
    verdict = compare(observe(MATRIX + 1), observe(MATRIX), show_expected=True)
    assert verdict.message.splitlines()[-1] == "expected: 0 1 2 3 ..."
