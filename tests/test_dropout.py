"""Guards the judge of dropout: every right way to draw a mask passes, every known wrong way fails with its hint.

The judge is called directly, with arrays as a submission would return them. All seeds are fixed, so the results are
always the same.
"""

import math
import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grader.judge.compare import Comparison
from grader.judge.dropout import indistinguishable, judge_backward, judge_forward, laws
from grader.judge.dropout.laws import binomial_interval
from grader.judge.dropout.values import scale_hint
from grader.recording import MOST_OUTPUTS, Observation, Value

Array = NDArray[Any]
Draw = Callable[[np.random.RandomState, tuple[int, ...], float], Array]

SHAPES = [(20, 64), (7, 11, 33), (5, 200)]
KEEPS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
TELLING = [keep for keep in KEEPS if keep != 0.5]
SEEDS = max(150, math.ceil(int(os.environ.get("GRADER_FUZZ", "0")) / len(KEEPS)))
"""Seeds for right layers; a long run (make fuzz) judges as many layers as GRADER_FUZZ says."""


def flat(rng: np.random.RandomState, shape: tuple[int, ...], keep: float) -> Array:
    return rng.binomial(1, keep, math.prod(shape)).reshape(shape)


def choice(rng: np.random.RandomState, shape: tuple[int, ...], keep: float) -> Array:
    return rng.choice([0.0, 1.0], size=shape, p=[1 - keep, keep])


RIGHT: Mapping[str, Draw] = {
    "binomial(1, p)": lambda rng, shape, keep: rng.binomial(1, keep, shape),
    "binomial(1, 1-p) == 0": lambda rng, shape, keep: rng.binomial(1, 1 - keep, shape) == 0,
    "rand() < p": lambda rng, shape, keep: rng.rand(*shape) < keep,
    "rand() >= 1-p": lambda rng, shape, keep: rng.rand(*shape) >= 1 - keep,
    "random_sample": lambda rng, shape, keep: np.where(rng.random_sample(shape) < keep, 1, 0),
    "choice": choice,
    "default_rng": lambda rng, shape, keep: np.random.default_rng(rng.randint(2**31)).random(shape) < keep,
    "float32": lambda rng, shape, keep: rng.binomial(1, keep, shape).astype(np.float32),
    "flat": flat,
}


def value(array: Array) -> Value:
    return Value("array", array.dtype.name, np.ascontiguousarray(array))


def reference_mask(shape: tuple[int, ...], keep: float) -> Array:
    return np.random.RandomState(11785).binomial(1, keep, shape)


def forward(
    y: Array | Value | None,
    x: Array,
    keep: float,
    *,
    again: Array | None = None,
    repeat: Array | None = None,
    factor: float | None = None,
    **params: object,
) -> Comparison:
    """Judge `y` as the output for `x`, against a reference that scales by 1/keep or by `factor`."""
    right = value(x * reference_mask(x.shape, keep) * (1 / keep if factor is None else factor))
    expected = {"actual": right, "x": value(x)}
    actual = {} if y is None else {"actual": y if isinstance(y, Value) else value(y)}
    for role, array in (("again", again), ("repeat", repeat)):
        if array is not None:
            expected[role] = right
            actual[role] = value(array)
    return judge_forward(Observation("y", "dropout", expected, {"keep": keep, **params}), actual)


def backward(
    dx: Array | Value | None,
    y: Array | Value | None,
    x: Array,
    delta: Array,
    keep: float,
    *,
    factor: float = 1.0,
) -> Comparison:
    """Judge `dx` as the gradient for `delta`, against a reference that scales kept gradients by `factor`."""
    mask = reference_mask(x.shape, keep)
    expected = {
        "actual": value(delta * mask * factor),
        "y": value(x * mask / keep),
        "x": value(x),
        "delta": value(delta),
    }
    actual = {
        role: item if isinstance(item, Value) else value(item)
        for role, item in (("actual", dx), ("y", y))
        if item is not None
    }
    return judge_backward(Observation("dx", "dropout_backward", expected, {"keep": keep}), actual)


def inputs(seed: int, shape: tuple[int, ...]) -> tuple[np.random.RandomState, Array]:
    rng = np.random.RandomState(seed)
    return rng, rng.normal(size=shape)


# right ways


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_right_ways_pass_for_many_seeds(shape: tuple[int, ...]) -> None:
    ways = list(RIGHT.items())
    for seed in range(SHAPES.index(shape), SEEDS, len(SHAPES)):
        rng, x = inputs(seed, shape)
        for index, keep in enumerate(KEEPS):
            name, draw = ways[(seed // len(SHAPES) + index) % len(ways)]
            mask = draw(rng, shape, keep)
            y, again = x * mask / keep, x * draw(rng, shape, keep) / keep
            verdict = forward(y, x, keep, again=again)
            assert verdict.passed, (name, keep, seed, verdict)
            delta = rng.normal(size=shape)
            verdict = backward(delta * mask, y, x, delta, keep)
            assert verdict.passed, (name, keep, seed, verdict)


@pytest.mark.parametrize("draw", RIGHT.values(), ids=list(RIGHT))
def test_each_right_way_passes_for_every_shape_and_probability(draw: Draw) -> None:
    for shape in SHAPES:
        for keep in KEEPS:
            rng, x = inputs(round(1000 * keep), shape)
            mask = draw(rng, shape, keep)
            y = x * mask / keep
            assert forward(y, x, keep, again=x * draw(rng, shape, keep) / keep).passed
            delta = rng.normal(size=shape)
            assert backward(delta * mask, y, x, delta, keep).passed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_honest_float32_solution_passes(dtype: str) -> None:
    for seed, keep in enumerate(KEEPS):
        rng, x64 = inputs(seed, (20, 64))
        x = x64.astype(dtype)
        mask = rng.binomial(1, keep, x.shape)
        small = x.astype(np.float32) * mask.astype(np.float32) / np.float32(keep)
        assert forward(small, x, keep).passed
        delta = rng.normal(size=x.shape).astype(dtype)
        assert backward(delta.astype(np.float32) * mask, small, x, delta, keep).passed


def test_a_wrong_scale_costs_the_forward_pass_alone() -> None:
    rng, x = inputs(0, (20, 64))
    delta = rng.normal(size=x.shape)
    mask = rng.binomial(1, 0.3, x.shape)
    for wrong in (1.0, 0.3, 1 / 0.7, 2.0):
        y = mask * x * wrong
        assert not forward(y, x, 0.3).passed
        assert backward(delta * mask * wrong, y, x, delta, 0.3).passed
        assert not backward(delta * mask * wrong * 1.5, y, x, delta, 0.3).passed


def test_zeros_in_the_input_tell_nothing() -> None:
    for seed in range(40):
        rng, x = inputs(seed, (80, 96) if seed % 2 else (20, 64))
        x = np.maximum(x, 0)
        assert forward(x * rng.binomial(1, 0.3, x.shape) / 0.3, x, 0.3).passed


def test_a_one_dimensional_input_can_be_judged() -> None:
    for seed in range(20):
        rng, x = inputs(seed, (900,))
        assert forward(x * (rng.rand(900) < 0.7) / 0.7, x, 0.7).passed
        assert not forward(x * (rng.rand(900) < 0.3) / 0.7, x, 0.7).passed


def test_the_false_alarm_rate_is_at_most_the_stated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stated, runs = 0.05, 1200
    monkeypatch.setattr(laws, "FALSE_ALARM", stated)
    alarms = 0
    for seed in range(runs):
        rng, x = inputs(seed, SHAPES[seed % len(SHAPES)])
        keep = KEEPS[seed % len(KEEPS)]
        y, again = (x * rng.binomial(1, keep, x.shape) / keep for _ in range(2))
        alarms += not forward(y, x, keep, again=again).passed
    # laws that are one-sided or strict enough keep it well below; far below would say that nothing is tested
    assert 0.1 * stated * runs < alarms <= stated * runs


def test_the_stated_false_alarm_rate() -> None:
    assert laws.FALSE_ALARM <= 1e-9


# wrong ways


def scaled(mask: Array, x: Array, keep: float) -> Array:
    return x * mask / keep


def row_mask(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return scaled(rng.binomial(1, keep, (x.shape[0],) + (1,) * (x.ndim - 1)), x, keep)


def column_mask(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return scaled(rng.binomial(1, keep, x.shape[1:]), x, keep)


def half_batch(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    half = rng.binomial(1, keep, (x.shape[0] // 2, *x.shape[1:]))
    rest = rng.binomial(1, keep, (x.shape[0] % 2, *x.shape[1:]))
    return scaled(np.concatenate([half, half, rest]), x, keep)


def half_features(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    half = rng.binomial(1, keep, (x.shape[0], x[0].size // 2))
    rest = rng.binomial(1, keep, (x.shape[0], x[0].size % 2))
    return scaled(np.concatenate([half, half, rest], axis=1).reshape(x.shape), x, keep)


def noisy(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return x * rng.rand(*x.shape) * rng.binomial(1, keep, x.shape) / keep


Wrong = Callable[[np.random.RandomState, Array, float], Array]
WRONG: Mapping[str, tuple[Wrong, str]] = {
    "keep and drop swapped": (
        lambda rng, x, keep: scaled(rng.binomial(1, 1 - keep, x.shape), x, keep),
        "keep and drop are swapped",
    ),
    "no scale": (lambda rng, x, keep: x * rng.binomial(1, keep, x.shape), "aren't scaled"),
    "scaled by keep": (lambda rng, x, keep: x * rng.binomial(1, keep, x.shape) * keep, "the wrong way round"),
    "divided by 1 - keep": (
        lambda rng, x, keep: x * rng.binomial(1, keep, x.shape) / (1 - keep),
        "the probability to drop where the probability to keep belongs",
    ),
    "times 1 - keep": (
        lambda rng, x, keep: x * rng.binomial(1, keep, x.shape) * (1 - keep),
        "the probability to drop where the probability to keep belongs",
    ),
    "nothing dropped": (lambda rng, x, keep: x.copy(), "sets elements to zero at random"),
    "everything dropped": (lambda rng, x, keep: np.zeros_like(x), "keep a part of the elements"),
    "noise instead of a mask": (noisy, "is the mask made of zeros and ones?"),
    "one mask a row": (row_mask, "not one for each row"),
    "one mask a column": (column_mask, "draw one number for each element"),
    "one mask for both halves of the batch": (half_batch, "draw the mask for the whole input at once"),
    "one mask for both halves of the features": (half_features, "draw the mask for the whole input at once"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # that there are none is a test of its own, below
@pytest.mark.parametrize(("wrong", "hint"), WRONG.values(), ids=list(WRONG))
def test_wrong_ways_fail_for_every_shape_and_probability(wrong: Wrong, hint: str) -> None:
    told = []
    for seed in range(4):
        for shape in SHAPES:
            for keep in TELLING:
                rng, x = inputs(seed, shape)
                y = wrong(rng, x, keep)
                verdict = forward(y, x, keep)
                assert not verdict.passed, (shape, keep, seed)
                rows = {bool(row.any()) for row in y}
                # few rows are easily all kept or all dropped: then that is what is said
                if "swapped" in hint and keep in (0.4, 0.6) and not verdict.hint:
                    continue  # a Gaussian draw keeps nearly as many there: then neither is named
                if hint not in verdict.hint and not (wrong is row_mask and len(rows) == 1):
                    told.append((shape, keep, seed, verdict))
    assert not told, (len(told), told[:3])


@pytest.mark.parametrize("keep", [0.1, 0.2, 0.3, 0.4])
def test_a_gaussian_draw_is_rejected_and_never_called_something_else(keep: float) -> None:
    told = []
    for seed in range(40):
        for shape in SHAPES:
            rng, x = inputs(seed, shape)
            verdict = forward(scaled(rng.randn(*shape) < keep, x, keep), x, keep)
            assert not verdict.passed
            if verdict.hint and "Gaussian" not in verdict.hint:
                told.append((shape, seed, verdict))
    assert not told, (len(told), told[:3])


@pytest.mark.parametrize("keep", [0.1, 0.2, 0.6])
def test_a_gaussian_draw_is_named_where_nothing_else_fits(keep: float) -> None:
    # from 0.6 on the Gaussian's fraction comes near to keep: it takes more elements to see it at all
    shape = (60, 64)
    for seed in range(30):
        rng, x = inputs(seed, shape)
        assert "randn" in forward(scaled(rng.randn(*shape) < keep, x, keep), x, keep).hint


def test_one_mask_for_ever_is_seen_in_a_second_call() -> None:
    for seed, keep in enumerate(KEEPS):
        rng, x = inputs(seed, (20, 64))
        y = scaled(rng.binomial(1, keep, x.shape), x, keep)
        verdict = forward(y, x, keep, again=y.copy())
        assert (verdict.passed, verdict.message) == (False, "two calls have the same mask")
        assert "draw a new mask" in verdict.hint
        assert forward(y, x, keep).passed


def test_a_second_mask_that_follows_from_the_first_is_seen() -> None:
    for seed in range(10):
        rng, x = inputs(seed, (20, 64))
        first = rng.binomial(1, 0.5, x.shape)
        second = np.where(rng.rand(*x.shape) < 0.2, rng.binomial(1, 0.5, x.shape), first)
        verdict = forward(scaled(first, x, 0.5), x, 0.5, again=scaled(second, x, 0.5))
        assert not verdict.passed
        assert "depend on each other" in verdict.message


@pytest.mark.parametrize(
    ("factor", "drawn", "words"), [(1.0, 0.3, "times 1, expected"), (1 / 0.3, 0.7, "elements are kept")]
)
def test_a_wrong_second_call_is_said_to_be_the_second(factor: float, drawn: float, words: str) -> None:
    rng, x = inputs(3, (20, 64))
    y = scaled(rng.binomial(1, 0.3, x.shape), x, 0.3)
    verdict = forward(y, x, 0.3, again=x * rng.binomial(1, drawn, x.shape) * factor)
    assert not verdict.passed
    # a mask with another keep probability agrees with the first one too seldom, and that may be what is said
    assert words in verdict.message or "depend on each other" in verdict.message
    if words in verdict.message:
        assert verdict.message.startswith("in a later call")


def test_what_is_added_to_dropped_elements_is_seen() -> None:
    rng, x = inputs(4, (20, 64))
    x[:, :3] = 0.0
    y = scaled(rng.binomial(1, 0.4, x.shape), x, 0.4)
    y[0, 0] = 1e-3
    assert "neither 0 nor" in forward(y, x, 0.4).message


def test_a_fraction_that_is_a_little_off_is_seen_with_enough_elements() -> None:
    rng, x = inputs(5, (200, 300))
    verdict = forward(scaled(rng.rand(*x.shape) < 0.63, x, 0.6), x, 0.6)
    assert not verdict.passed
    assert "of 60000 elements are kept" in verdict.message
    assert verdict.hint == ""


def test_the_factor_is_the_references() -> None:
    rng, x = inputs(6, (20, 64))
    mask = rng.binomial(1, 0.6, x.shape)
    assert forward(x * mask, x, 0.6, factor=1.0).passed
    verdict = forward(x * mask / 0.6, x, 0.6, factor=1.0)
    assert not verdict.passed
    assert "inverted dropout" in verdict.hint


# form: what isn't an array like the reference's


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (None, "no value"),
        (Value("NoneType"), "is None"),
        (Value("list"), "is a list"),
        (Value("array", "object"), "object"),
        (value(np.zeros((20, 63))), "shape (20, 63), expected (20, 64)"),
        (value(np.zeros((20, 64), np.int64)), "int64 values, expected float64"),
        (value(np.zeros((20, 64), bool)), "bool values, expected float64"),
        (value(np.zeros((20, 64), complex)), "complex128 values, expected float64"),
        (Value("scalar", "float64", np.array(1.0)), "is a float64 number"),
        (Value("text", "uint8", np.frombuffer(b"dropout", np.uint8)), "is the text 'dropout'"),
    ],
)
def test_what_is_no_array_like_the_references_is_refused_with_its_reason(y: Value | None, words: str) -> None:
    _, x = inputs(0, (20, 64))
    verdict = forward(y, x, 0.3)
    assert not verdict.passed
    assert words in verdict.message
    delta = x + 1
    assert not backward(y, value(x * reference_mask(x.shape, 0.3)), x, delta, 0.3).passed
    assert not backward(value(delta * reference_mask(x.shape, 0.3)), y, x, delta, 0.3).passed


def test_a_missing_second_value_is_refused() -> None:
    rng, x = inputs(0, (20, 64))
    y = scaled(rng.binomial(1, 0.3, x.shape), x, 0.3)
    right = value(y)
    for role in ("again", "repeat"):
        expected = Observation("y", "dropout", {"actual": right, "x": value(x), role: right}, {"keep": 0.3})
        assert not judge_forward(expected, {"actual": right}).passed


NASTY = {
    "nan": np.full((20, 64), np.nan),
    "inf": np.full((20, 64), np.inf),
    "both infinities": np.resize([np.inf, -np.inf], (20, 64)),
    "zeros": np.zeros((20, 64)),
    "negative zeros": np.zeros((20, 64)) * -1,
    "huge": np.resize([1e308, -1e308, 0.0], (20, 64)),
    "denormal": np.resize([5e-324, 0.0], (20, 64)),
    "one nan": np.where(np.arange(1280).reshape(20, 64) == 7, np.nan, 1.0),
    "one inf": np.where(np.arange(1280).reshape(20, 64) == 7, np.inf, 1.0),
    "one element": np.where(np.arange(1280).reshape(20, 64) == 7, 1.0, 0.0),
}


@pytest.mark.parametrize("name", NASTY)
def test_nasty_values_fail_without_an_exception_or_a_warning(name: str) -> None:
    rng, x = inputs(1, (20, 64))
    delta = rng.normal(size=x.shape)
    mask = rng.binomial(1, 0.3, x.shape)
    right, bad = scaled(mask, x, 0.3), NASTY[name]
    assert not forward(bad, x, 0.3).passed
    assert not forward(right, x, 0.3, again=bad).passed
    assert not forward(right, x, 0.3, repeat=bad).passed
    assert not forward(bad, x, 0.3, strict=True).passed
    assert not backward(bad, right, x, delta, 0.3).passed
    assert not backward(delta * mask, bad, x, delta, 0.3).passed


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # see the test above
def test_nan_is_named() -> None:
    rng, x = inputs(2, (20, 64))
    mask = rng.binomial(1, 0.3, x.shape)
    y = np.where(mask == 1, x / 0.3, np.nan)
    assert "nan" in forward(y, x, 0.3).message
    delta = rng.normal(size=x.shape)
    dx = np.where(mask == 1, delta, np.nan)
    assert "finite" in backward(dx, scaled(mask, x, 0.3), x, delta, 0.3).message


@settings(max_examples=100)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=1, max_size=6),
    st.sampled_from([0.1, 0.5, 0.75]),
    st.integers(0, 10),
)
@example([math.inf, -math.inf], 0.5, 0)
@example([0.0], 0.5, 0)
def test_repeated_numbers_never_pass_and_never_break_the_judge(cells: list[float], keep: float, seed: int) -> None:
    rng, x = inputs(seed, (12, 40))
    y = np.resize(np.array(cells), (12, 40))
    with np.errstate(all="ignore"):
        right = scaled(rng.binomial(1, keep, x.shape), x, keep)
    assert not forward(y, x, keep).passed
    assert not forward(right, x, keep, again=y).passed
    assert not backward(y, right, x, x + 10, keep).passed


# strict mode and seeds


def test_the_strict_mode_takes_the_named_draw_only() -> None:
    rng, x = inputs(0, (20, 64))
    mask = reference_mask(x.shape, 0.3)
    assert forward(x * mask / 0.3, x, 0.3, strict=True, sampler="np.random.binomial").passed
    assert forward((x * mask / 0.3).astype(np.float32), x, 0.3, strict=True).passed
    other = forward(scaled(rng.rand(20, 64) < 0.3, x, 0.3), x, 0.3, strict=True, sampler="np.random.binomial")
    assert not other.passed
    assert "np.random.binomial draw that the handout asks for" in other.message
    assert "elements of the mask differ" in other.message


def test_the_strict_mode_names_the_scale_and_sees_a_single_element() -> None:
    _, x = inputs(0, (20, 64))
    right = x * reference_mask(x.shape, 0.3) / 0.3
    unscaled = forward(right * 0.3, x, 0.3, strict=True)
    assert (unscaled.passed, unscaled.message) == (False, "the mask is right, the scale isn't")
    one = right.copy()
    one[np.unravel_index(int(np.argmax(one)), one.shape)] = 0.0
    verdict = forward(one, x, 0.3, strict=True, sampler="np.random.binomial")
    assert not verdict.passed
    assert verdict.message.startswith("1 of 1280 elements")
    poisoned = right.copy()
    poisoned[np.unravel_index(int(np.argmax(right)), right.shape)] = np.nan
    assert not forward(poisoned, x, 0.3, strict=True).passed


def test_the_strict_mode_looks_at_a_second_call_too() -> None:
    rng, x = inputs(0, (20, 64))
    right = x * reference_mask(x.shape, 0.3) / 0.3
    second = scaled(rng.binomial(1, 0.3, x.shape), x, 0.3)
    expected = {"actual": value(right), "again": value(second), "x": value(x)}
    item = Observation("y", "dropout", expected, {"keep": 0.3, "strict": True})
    assert judge_forward(item, {"actual": value(right), "again": value(second)}).passed
    assert not judge_forward(item, {"actual": value(right), "again": value(right)}).passed


@pytest.mark.parametrize("role", ["again", "other"])
def test_without_a_keep_any_masks_pass_that_differ(role: str) -> None:
    rng, x = inputs(0, (12, 30))
    first, second = (scaled(rng.binomial(1, keep, x.shape), x, 0.3) for keep in (0.2, 0.6))
    item = Observation("y", "dropout", {"actual": value(first), role: value(first), "x": value(x)}, {})
    assert judge_forward(item, {"actual": value(first), role: value(second)}).passed
    for actual, further, words in (
        (first, first, "have the same mask"),
        (first, x, "no element"),
        (x, x, "no element"),
    ):
        verdict = judge_forward(item, {"actual": value(actual), role: value(further)})
        assert not verdict.passed
        assert words in verdict.message


def test_the_same_seed_must_give_the_same_mask_where_that_is_asked_for() -> None:
    rng, x = inputs(0, (20, 64))
    first, second = (scaled(rng.binomial(1, 0.3, x.shape), x, 0.3) for _ in range(2))
    assert forward(first, x, 0.3, again=second, repeat=first.copy()).passed
    verdict = forward(first, x, 0.3, again=second, repeat=second)
    assert (verdict.passed, verdict.message) == (False, "the same seed gives another mask")
    assert "the generator that the seed was set on" in verdict.hint
    assert forward(first, x, 0.3, again=second).passed


# backward


@pytest.mark.parametrize("factor", [1.0, None], ids=["unscaled", "scaled"])
def test_backward_takes_the_references_factor_or_that_of_its_own_forward(factor: float | None) -> None:
    for seed, keep in enumerate(TELLING):
        wanted = 1 / keep if factor is None else factor
        rng, x = inputs(seed, (20, 64))
        delta = rng.normal(size=x.shape)
        mask = rng.binomial(1, keep, x.shape)
        y = scaled(mask, x, keep)
        assert backward(delta * mask * wanted, y, x, delta, keep, factor=wanted).passed
        for other in (1 / keep, 1.0, keep, 1 - keep, -wanted, 1.001 * wanted):
            if abs(other / wanted - 1) > 1e-6 and other != 1 / keep:
                verdict = backward(delta * mask * other, y, x, delta, keep, factor=wanted)
                assert not verdict.passed
                assert f"times {other:.5g} where kept, expected times {wanted:.5g}" in verdict.message


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_backward_must_use_forwards_mask(shape: tuple[int, ...]) -> None:
    for seed, keep in enumerate(KEEPS):
        rng, x = inputs(seed, shape)
        delta = rng.normal(size=shape)
        mask, new = rng.binomial(1, keep, shape), rng.binomial(1, keep, shape)
        y = scaled(mask, x, keep)
        assert "another mask" in backward(delta * new, y, x, delta, keep).hint
        assert "another mask" in backward(delta * (1 - mask), y, x, delta, keep).hint
        for unmasked in (delta, delta / keep):
            verdict = backward(unmasked, y, x, delta, keep)
            assert not verdict.passed
            assert "doesn't use the mask" in verdict.hint
        one = delta * mask
        one[np.unravel_index(int(np.argmax(mask)), shape)] = 0.0
        verdict = backward(one, y, x, delta, keep)
        assert not verdict.passed
        assert verdict.message.startswith("1 element")


def test_backward_must_be_the_given_gradient() -> None:
    rng, x = inputs(0, (20, 64))
    delta = rng.normal(size=x.shape)
    mask = rng.binomial(1, 0.4, x.shape)
    y = scaled(mask, x, 0.4)
    for wrong in (y, mask.astype(float), delta**2 * mask, np.abs(delta) * mask):
        verdict = backward(wrong, y, x, delta, 0.4)
        assert not verdict.passed
        assert "times the mask and one constant" in verdict.message
    assert not backward(np.zeros_like(delta), y, x, delta, 0.4).passed
    for poison in (np.nan, np.inf):
        dx = delta * mask
        dx[np.unravel_index(int(np.argmin(mask)), mask.shape)] = poison
        assert not backward(dx, y, x, delta, 0.4).passed


@pytest.mark.parametrize(
    "wrong",
    [
        lambda rng, x: x * rng.binomial(1, 0.7, x.shape) / 0.3,
        lambda rng, x: x * rng.binomial(1, 0.3, x.shape),
        lambda rng, x: x * rng.binomial(1, 0.3, x.shape) * 0.3,
        lambda rng, x: x * (rng.randn(*x.shape) < 0.3) / 0.3,
        lambda rng, x: x * rng.binomial(1, 0.3, (20, 1)) / 0.3,
        lambda rng, x: x * rng.binomial(1, 0.3, (1, 64)) / 0.3,
        lambda rng, x: x * np.random.RandomState(0).binomial(1, 0.3, x.shape) / 0.3,
        lambda rng, x: x * rng.binomial(1, 0.5, x.shape) / 0.3,
    ],
    ids=["swapped", "unscaled", "scaled by p", "Gaussian", "one a row", "one a column", "one for ever", "half"],
)
def test_a_wrong_forward_pass_does_not_cost_backward(wrong: Callable[[np.random.RandomState, Array], Array]) -> None:
    for seed in range(20):
        rng, x = inputs(seed, (20, 64))
        delta = rng.normal(size=x.shape)
        y = wrong(rng, x)
        assert backward(delta * (y != 0), y, x, delta, 0.3).passed
        assert not backward(delta * rng.binomial(1, 0.3, x.shape), y, x, delta, 0.3).passed


def test_a_forward_pass_that_rounds_elements_to_zero_does_not_cost_backward() -> None:
    for seed in range(20):
        rng, x = inputs(seed, (20, 64))
        delta, mask = rng.normal(size=x.shape), rng.binomial(1, 0.3, x.shape)
        y = x * mask // 0.3
        assert ((y != 0) != (x * mask != 0)).any()
        assert backward(delta * mask, y, x, delta, 0.3).passed
        for wrong in (delta, delta * rng.binomial(1, 0.3, x.shape), delta * mask * rng.binomial(1, 0.9, x.shape)):
            assert not backward(wrong, y, x, delta, 0.3).passed


@pytest.mark.parametrize("factor", [1.0, 1 / 0.3])
def test_a_gradient_with_the_numbers_of_a_mask_that_was_not_thresholded_is_right(factor: float) -> None:
    rng, x = inputs(0, (20, 64))
    delta, mask = rng.normal(size=x.shape), rng.uniform(size=x.shape)
    mask[mask > 0.3] = 0  # and the others aren't set to 1
    y = scaled(mask, x, 0.3)
    assert backward(delta * mask / 0.3, y, x, delta, 0.3, factor=factor).passed
    assert backward(delta * mask, y, x, delta, 0.3, factor=factor).passed == (factor == 1.0)
    for wrong in (delta, delta * mask * 2, delta * rng.permutation(mask.ravel()).reshape(mask.shape), x * mask):
        assert not backward(wrong, y, x, delta, 0.3, factor=factor).passed


def test_a_forward_pass_without_a_mask_proves_nothing_about_backward() -> None:
    rng, x = inputs(0, (20, 64))
    delta = rng.normal(size=x.shape)
    for y in (x / 0.3, np.zeros_like(x)):
        for dx in (delta * (y != 0), delta, np.zeros_like(x)):
            verdict = backward(dx, y, x, delta, 0.3)
            assert not verdict.passed
            assert "can't be judged" in verdict.message


def test_zeros_in_the_gradient_tell_nothing() -> None:
    rng, x = inputs(0, (20, 64))
    delta = np.maximum(rng.normal(size=x.shape), 0)
    mask = rng.binomial(1, 0.4, x.shape)
    y = scaled(mask, x, 0.4)
    assert backward(delta * mask, y, x, delta, 0.4).passed
    assert not backward(delta, y, x, delta, 0.4).passed


def test_backward_after_an_activation_looks_at_what_was_not_zero_before() -> None:
    rng, x = inputs(0, (20, 64))
    x = np.maximum(x, 0)
    delta = rng.normal(size=x.shape)
    mask = rng.binomial(1, 0.4, x.shape)
    y = scaled(mask, x, 0.4)
    assert backward(delta * mask, y, x, delta, 0.4).passed
    assert not backward(delta * rng.binomial(1, 0.4, x.shape), y, x, delta, 0.4).passed


# the laws


def tails(n: int, p: Fraction, low: int, high: int) -> tuple[Fraction, Fraction]:
    """P(X < low) and P(X > high), exactly."""

    def mass(k: int) -> Fraction:
        return math.comb(n, k) * p**k * (1 - p) ** (n - k)

    return sum(map(mass, range(low)), Fraction(0)), sum(map(mass, range(high + 1, n + 1)), Fraction(0))


# thirds and sevenths of ten: no tail of a small n is exactly half of these levels, so rounding can't decide
@pytest.mark.parametrize("alpha", [Fraction(1, 7), Fraction(1, 30), Fraction(1, 10**5 + 3), Fraction(1, 10**9 + 7)])
@pytest.mark.parametrize("p", [Fraction(1, 50), Fraction(3, 10), Fraction(1, 2), Fraction(2, 3), Fraction(9, 10)])
def test_the_interval_is_the_narrowest_that_keeps_its_level(p: Fraction, alpha: Fraction) -> None:
    for n in (1, 2, 3, 5, 8, 13, 40, 75):
        low, high = binomial_interval(n, float(p), float(alpha))
        below, above = tails(n, p, low, high)
        assert below <= alpha / 2
        assert above <= alpha / 2
        assert below + above <= alpha
        assert 0 <= low <= high <= n
        assert tails(n, p, low + 1, high)[0] > alpha / 2
        assert tails(n, p, low, high - 1)[1] > alpha / 2


def test_the_interval_grows_with_its_level_and_moves_with_the_probability() -> None:
    for n in (10, 100, 1280):
        for keep in KEEPS:
            wide, narrow = binomial_interval(n, keep, 1e-12), binomial_interval(n, keep, 1e-2)
            assert wide[0] <= narrow[0] <= n * keep <= narrow[1] <= wide[1]
        bounds = [binomial_interval(n, keep, 1e-9) for keep in np.linspace(0.01, 0.99, 60)]
        assert bounds == sorted(bounds)
        assert [high for _, high in bounds] == sorted(high for _, high in bounds)
        mirrored = [binomial_interval(n, 1 - keep, 1e-9) for keep in KEEPS]
        assert [(n - high, n - low) for low, high in mirrored] == [binomial_interval(n, keep, 1e-9) for keep in KEEPS]


def test_the_interval_of_a_certain_event_and_of_no_draw() -> None:
    assert binomial_interval(7, 1.0, 1e-9) == (7, 7)
    assert binomial_interval(7, 0.0, 1e-9) == (0, 0)
    assert binomial_interval(0, 0.3, 1e-9) == (0, 0)


def test_the_interval_of_many_draws_is_not_spoilt_by_rounding() -> None:
    n, p, alpha = 400_000, 0.3, 1e-9
    low, high = binomial_interval(n, p, alpha)
    deviation = math.sqrt(n * p * (1 - p))
    # six deviations on each side: the two-sided normal quantile of 1e-9 is 6.11
    assert abs((n * p - low) / deviation - 6.11) < 0.02
    assert abs((high - n * p) / deviation - 6.11) < 0.02


def test_keep_and_drop_are_told_apart_where_the_judge_says_so() -> None:
    assert indistinguishable(np.ones((20, 64)), 0.5)
    assert indistinguishable(np.ones((3, 4)), 0.3)
    assert indistinguishable(np.zeros((20, 64)), 0.3)
    assert indistinguishable(np.ones((20, 64)), 0.49)
    assert not indistinguishable(np.ones((20, 64)), 0.3)
    assert not indistinguishable(np.ones((20, 64)), 0.7)
    sparse = np.zeros((200, 64))
    sparse[0] = 1.0
    assert indistinguishable(sparse, 0.4)
    for n in (5, 20, 60, 150, 400, 1280):
        for keep in KEEPS:
            x = np.ones(n)
            alpha = laws.level(laws.count_laws(MOST_OUTPUTS))
            low, high = binomial_interval(n, keep, alpha)
            other = binomial_interval(n, 1 - keep, alpha)
            assert indistinguishable(x, keep) == bool(set(range(low, high + 1)) & set(range(other[0], other[1] + 1)))


@pytest.mark.parametrize(
    ("seen", "factor", "keep", "words"),
    [
        (1.0, 1 / 0.3, 0.3, "the kept elements aren't scaled; here they are multiplied by 3.333"),
        (0.3, 1 / 0.3, 0.3, "the scaling is the wrong way round: divide where you multiply"),
        (0.7, 1 / 0.3, 0.3, "uses the probability to drop where the probability to keep belongs"),
        (1 / 0.7, 1 / 0.3, 0.3, "uses the probability to drop where the probability to keep belongs"),
        (1 / 0.6, 1.0, 0.6, "this is inverted dropout (scaled in training); here training isn't scaled"),
        (2.0, 1 / 0.3, 0.3, ""),
        (1.01, 1 / 0.3, 0.3, ""),
        (0.297, 1 / 0.3, 0.3, ""),
        (0.71, 1 / 0.3, 0.3, ""),
        (-1 / 0.3, 1 / 0.3, 0.3, ""),
        (0.0, 1 / 0.3, 0.3, ""),
        (math.inf, 1 / 0.3, 0.3, ""),
        (math.nan, 1 / 0.3, 0.3, ""),
        (3.0, 1.0, 1.0, ""),
    ],
)
def test_the_hint_names_the_mistake_behind_a_factor(seen: float, factor: float, keep: float, words: str) -> None:
    hint = scale_hint(seen, factor, keep)
    assert words in hint
    assert bool(hint) == bool(words)
