"""Judges dropout by what is true of every right mask, instead of by one mask.

Let m be the 0/1 mask, with P(m = 1) = keep, independently. What is tested, each with an exact binomial law:

    kept elements                     ~ Binomial(n, keep)
    pairs of elements that agree      ~ Binomial(pairs, keep² + (1 − keep)²)

Pairs are disjoint, so their agreements are independent: neighbours in a row (a mask with one value a row agrees
everywhere), neighbours in a column (one mask for all rows), the two halves of the batch and of the features (a mask
that is repeated), and the same element in two calls (one mask for ever). A right dropout fails a check with probability
at most FALSE_ALARM: the level is divided by the number of laws that the check applies (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.judge.compare import PASSED, TOLERANCES, Comparison, check_form
from grader.recording import Observation, Value

FALSE_ALARM = 1e-9
"""The greatest probability with which one check rejects a right dropout."""
_LAWS = 7
"""Two kept fractions and five kinds of pairs."""
_FITS, _APART = 4.0, 1.5
"""A count explains itself by a mistake within so many standard deviations, if the next one is so many further off."""
_TRIVIAL = 0.02
"""A forward mask that keeps, or drops, less than this share says nothing about backward."""

Array = NDArray[Any]
Mask = NDArray[np.bool_]


@lru_cache(256)  # a test asks for the same few several times: for two calls, for neighbours in rows and columns
def binomial_interval(n: int, p: float, alpha: float) -> tuple[int, int]:
    """Return the narrowest [low, high] with P(X < low) <= alpha/2 and P(X > high) <= alpha/2 for X ~ Binomial(n, p).

    Exact but for rounding: the probabilities are summed from the mass function, without a normal approximation.
    They are summed where they count, within 40 standard deviations of the mode; what lies outside is below 1e-300.
    """
    if not 0.0 < p < 1.0:
        fixed = n if p >= 1.0 else 0
        return fixed, fixed
    mode, reach = int((n + 1) * p), int(40 * math.sqrt(n * p * (1 - p))) + 1000
    k = np.arange(max(mode - reach, 0), min(mode + reach, n) + 1)
    # the ratio of neighbours is (n - k) / (k + 1) * p / (1 - p)
    steps = np.log((n - k[:-1]) / k[1:]) + math.log(p) - math.log1p(-p)
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    mass = np.exp(logs - logs.max())
    mass /= mass.sum()
    low = int(k[0]) + int(np.searchsorted(np.cumsum(mass), alpha / 2, side="right"))
    high = int(k[-1]) - int(np.searchsorted(np.cumsum(mass[::-1]), alpha / 2, side="right"))
    return low, high


def _within(count: int, n: int, p: float) -> bool:
    low, high = binomial_interval(n, p, FALSE_ALARM / _LAWS)
    return low <= count <= high


def indistinguishable(x: Array, keep: float) -> bool:
    """Whether keep and drop can't be told apart on this input: too few elements, or keep near 0.5."""
    n = int((x != 0).sum())
    low, high = binomial_interval(n, keep, FALSE_ALARM / _LAWS)
    other_low, other_high = binomial_interval(n, 1 - keep, FALSE_ALARM / _LAWS)
    return low <= other_high and other_low <= high


def judge_forward(expected: Observation, actual: Mapping[str, Value]) -> Comparison:
    """Judge the output of dropout in training.

    Args:
        expected: the reference's check: `actual` and `x`, and `again` and `repeat` where the test has them, all of one
            shape and a float dtype; parameters `keep`, `sampler` and `strict`. See `Check.dropout`.
        actual: what the submission left under `actual`, `again` and `repeat`; what is absent fails the check.
    """
    x, reference = expected.values["x"].array, expected.values["actual"]
    assert x is not None
    assert reference.array is not None
    keep = float(expected.params["keep"])
    for role in ("actual", "again", "repeat"):
        if role in expected.values:
            bad_form = check_form(actual.get(role), expected.values[role])
            if bad_form is not None:
                return bad_form
    y = _array(actual["actual"])
    factor = _factor(reference.array, x)
    judge = _judge_exact_mask if expected.params.get("strict") else _judge_any_mask
    with np.errstate(all="ignore"):
        return judge(expected, actual, y, x, factor, keep)


def _judge_exact_mask(
    expected: Observation, actual: Mapping[str, Value], y: Array, x: Array, factor: float, keep: float
) -> Comparison:
    reference = expected.values["actual"]
    verdict = _strict(y, reference, str(expected.params.get("sampler") or "named"))
    if verdict.passed and "again" in expected.values:
        verdict = _second_call(y, _array(actual["again"]), x, factor, keep, reference.dtype) or verdict
    if verdict.passed and "repeat" in expected.values:
        verdict = _same_seed(y, _array(actual["repeat"])) or verdict
    return verdict


def _judge_any_mask(
    expected: Observation, actual: Mapping[str, Value], y: Array, x: Array, factor: float, keep: float
) -> Comparison:
    dtype = expected.values["actual"].dtype
    again = _array(actual["again"]) if "again" in expected.values else None
    # each rule may lean on those before it: where nothing is kept, there is no scale to speak of
    return (
        _not_finite(y)
        or _neither_kept_nor_dropped(y, x)
        or _all_or_nothing(y, x)
        or _structure(y != 0, x != 0, keep)
        or _fraction(y, x, keep)
        or _scale(y, x, factor, keep, dtype)
        or (None if again is None else _second_call(y, again, x, factor, keep, dtype))
        or (_same_seed(y, _array(actual["repeat"])) if "repeat" in expected.values else None)
        or PASSED
    )


def _array(value: Value) -> Array:
    assert value.array is not None
    return value.array


def _factor(output: Array, base: Array) -> float:
    """The constant by which the kept elements are scaled, read off a right output."""
    kept = (output != 0) & (base != 0)
    return float(np.median(output[kept].astype(np.float64) / base[kept])) if kept.any() else 1.0


def _ratio(output: Array, base: Array) -> Array:
    """output / base at the elements that were kept and say something."""
    kept = (output != 0) & (base != 0)
    return np.asarray(output[kept].astype(np.float64) / base[kept].astype(np.float64))


def _constant(ratio: Array, dtype: str) -> bool:
    tolerance = max(TOLERANCES.get(dtype, 1e-5), 1e-5)
    if ratio.size == 0 or not np.isfinite(ratio).all():
        return ratio.size == 0
    middle = float(np.median(ratio))
    return bool((np.abs(ratio - middle) <= tolerance * abs(middle)).all())


def _not_finite(y: Array) -> Comparison | None:
    bad = ~np.isfinite(y)
    if not bad.any():
        return None
    word = "nan" if np.isnan(y).any() else "inf"
    return Comparison(False, f"{int(bad.sum())} of {y.size} elements are {word}")


def _neither_kept_nor_dropped(y: Array, x: Array) -> Comparison | None:
    stray = int(((x == 0) & (y != 0)).sum())
    if stray == 0 and _constant(_ratio(y, x), y.dtype.name):
        return None
    return Comparison(
        False,
        "the elements are neither 0 nor the input times one constant",
        "an element of the output is either 0 or the input scaled; is the mask made of zeros and ones?",
    )


def _all_or_nothing(y: Array, x: Array) -> Comparison | None:
    kept = int(((y != 0) & (x != 0)).sum())
    total = int((x != 0).sum())
    if kept == total and total > 0:
        return Comparison(False, "no element is dropped", "in training, dropout sets elements to zero at random")
    if kept == 0:
        return Comparison(False, "every element is dropped", "the mask should keep a part of the elements")
    return None


def _pairs(kept: Mask, informative: Mask) -> dict[str, tuple[Mask, Mask]]:
    """Disjoint pairs of elements, by kind: (the pair agrees, both say something)."""
    rows = kept.reshape(kept.shape[0], -1) if kept.ndim > 1 else kept.reshape(1, -1)
    known = informative.reshape(rows.shape)
    height, width = rows.shape[0] // 2, rows.shape[1] // 2

    def pair(first: tuple[slice, slice], second: tuple[slice, slice]) -> tuple[Mask, Mask]:
        return rows[first] == rows[second], known[first] & known[second]

    every = slice(None)
    return {
        "row": pair((every, slice(0, 2 * width, 2)), (every, slice(1, 2 * width, 2))),
        "column": pair((slice(0, 2 * height, 2), every), (slice(1, 2 * height, 2), every)),
        "batch": pair((slice(0, height), every), (slice(height, 2 * height), every)),
        "features": pair((every, slice(0, width)), (every, slice(width, 2 * width))),
    }


_STRUCTURE = {
    "row": ("a whole row is dropped or kept together", "draw one number for each element, not one for each row"),
    "column": ("every row has the same mask", "draw one number for each element, not one for each column"),
    "batch": (
        "the mask of one half of the batch is repeated in the other",
        "draw the mask for the whole input at once",
    ),
    "features": (
        "the mask of one half of the features is repeated in the other",
        "draw the mask for the whole input at once",
    ),
}


def _structure(kept: Mask, informative: Mask, keep: float) -> Comparison | None:
    agree = keep**2 + (1 - keep) ** 2
    observed = _agreement(kept, informative)
    found: dict[str, float] = {}
    for kind, (same, known) in _pairs(kept, informative).items():
        agreed, pairs = int((same & known).sum()), int(known.sum())
        # where keep itself is off, pairs agree too often or too seldom as well: that is left to the kept fraction
        if not _within(agreed, pairs, agree) and not _within(agreed, pairs, observed):
            found[kind] = agreed / pairs
    if not found:
        return None
    # one mask for all rows makes neighbours in a row agree by chance, too; where it is, all pairs agree
    return Comparison(False, *_STRUCTURE[max(found, key=lambda kind: found[kind])])


def _agreement(kept: Mask, informative: Mask) -> float:
    """How often pairs would agree in an independent mask with the fraction that was seen."""
    seen = float(kept[informative].mean())
    return seen**2 + (1 - seen) ** 2


def _normal(z: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def _fraction(y: Array, x: Array, keep: float) -> Comparison | None:
    n = int((x != 0).sum())
    kept = int(((y != 0) & (x != 0)).sum())
    if _within(kept, n, keep):
        return None
    low, high = binomial_interval(n, keep, FALSE_ALARM / _LAWS)
    message = f"{kept} of {n} elements are kept; with keep probability {keep:g} it would be {low} to {high}"
    return Comparison(False, message, _fraction_hint(kept, n, keep))


def _fraction_hint(kept: int, n: int, keep: float) -> str:
    """The mistake that explains the fraction, where one does so far better than the others."""
    gaussian = (_normal(keep), 1 - _normal(1 - keep))  # randn() < p where p keeps, randn() > p where it drops
    swapped = _deviations(kept, n, 1 - keep)
    drawn = min(_deviations(kept, n, p) for p in gaussian)
    best, other = min(swapped, drawn), max(swapped, drawn)
    if best > _FITS or other < best + _APART:
        return ""
    if swapped == best:
        return "keep and drop are swapped: look up which of the two p is in this course"
    return "the draw looks Gaussian (randn); compare a uniform one (rand) with p"


def _deviations(kept: int, n: int, p: float) -> float:
    """How many standard deviations a count is away from what p makes of it."""
    return abs(kept - n * p) / math.sqrt(n * p * (1 - p)) if 0 < p < 1 else math.inf


def _scale(y: Array, x: Array, factor: float, keep: float, dtype: str) -> Comparison | None:
    seen = float(np.median(_ratio(y, x)))
    tolerance = max(TOLERANCES.get(dtype, 1e-5), TOLERANCES.get(y.dtype.name, 1e-5) / 10)
    if abs(seen - factor) <= tolerance * abs(factor):
        return None
    message = f"the kept elements are the input times {seen:.5g}, expected times {factor:.5g}"
    return Comparison(False, message, scale_hint(seen, factor, keep))


def scale_hint(seen: float, factor: float, keep: float) -> str:
    """Name the mistake behind a wrong constant factor."""

    def near(value: float) -> bool:
        return abs(seen - value) < 1e-3 * abs(value)

    if near(1.0):
        return f"the kept elements aren't scaled; here they are multiplied by {factor:.4g}"
    if near(1 / factor):
        return "the scaling is the wrong way round: divide where you multiply"
    if keep < 1.0 and (near(1 - keep) or near(1 / (1 - keep))):
        return "the scale uses the probability to drop where the probability to keep belongs, or the other way round"
    if factor == 1.0 and near(1 / keep):
        return "this is inverted dropout (scaled in training); here training isn't scaled"
    return ""


def _second_call(y: Array, again: Array, x: Array, factor: float, keep: float, dtype: str) -> Comparison | None:
    informative = x != 0
    same = ((y != 0) == (again != 0)) & informative
    n = int(informative.sum())
    if same[informative].all():
        return Comparison(False, "a second call has the same mask", "draw a new mask in every forward pass in training")
    if not _within(int(same.sum()), n, keep**2 + (1 - keep) ** 2):
        return Comparison(False, "the masks of two calls depend on each other", "draw a new mask in every forward pass")
    verdict = (
        _not_finite(again)
        or _neither_kept_nor_dropped(again, x)
        or _all_or_nothing(again, x)
        or _fraction(again, x, keep)
        or _scale(again, x, factor, keep, dtype)
    )
    return None if verdict is None else Comparison(False, f"in a second call, {verdict.message}", verdict.hint)


def _same_seed(y: Array, repeat: Array) -> Comparison | None:
    if ((y != 0) == (repeat != 0)).all():
        return None
    return Comparison(False, "the same seed gives another mask", "draw from the generator that the seed was set on")


def _strict(y: Array, reference: Value, sampler: str) -> Comparison:
    expected = _array(reference)
    tolerance = TOLERANCES.get(reference.dtype, 1e-5)
    if ((y != 0) == (expected != 0)).all() and (np.abs(y - expected) <= tolerance * np.abs(expected)).all():
        return PASSED
    differ = int(((y != 0) != (expected != 0)).sum())
    message = f"{differ} of {y.size} elements of the mask differ from the {sampler} draw that the handout asks for"
    return Comparison(False, message if differ else "the mask is right, the scale isn't")


def judge_backward(expected: Observation, actual: Mapping[str, Value]) -> Comparison:
    """Judge dropout's gradient against the mask of the submission's own forward pass.

    How good that mask is belongs to the forward pass; here it must only be one: not all kept, not all dropped.

    Args:
        expected: the reference's check: `actual` (the gradient), `y`, `x` and `delta`, all of one shape and a float
            dtype; parameter `keep`. See `Check.dropout_backward`.
        actual: what the submission left under `actual` and `y`.
    """
    bad_form = check_form(actual.get("actual"), expected.values["actual"])
    if bad_form is not None:
        return bad_form
    forward = check_form(actual.get("y"), expected.values["y"])
    if forward is not None:
        return Comparison(False, f"can't be judged, because of what the forward pass returns: {forward.message}")
    x, delta = _array(expected.values["x"]), _array(expected.values["delta"])
    y, dx = _array(actual["y"]), _array(actual["actual"])
    with np.errstate(all="ignore"):
        return _judge_gradient(expected, y, dx, x, delta)


def _judge_gradient(expected: Observation, y: Array, dx: Array, x: Array, delta: Array) -> Comparison:
    informative = (x != 0) & (delta != 0)
    kept = (y != 0) & informative
    share = kept.sum() / max(int(informative.sum()), 1)
    if not _TRIVIAL <= share <= 1 - _TRIVIAL:
        return Comparison(False, f"can't be judged, because the forward pass keeps {share:.0%} of the elements")
    factor = _factor(_array(expected.values["actual"]), delta * (_array(expected.values["y"]) != 0))
    # a wrong scale in forward costs the forward check; its own gradient has that scale, and is right
    factors = (factor, _factor(y, x)) if _constant(_ratio(y, x), y.dtype.name) else (factor,)
    return _gradient(dx, delta, kept, informative, factors, float(expected.params["keep"]))


def _gradient(
    dx: Array, delta: Array, kept: Mask, informative: Mask, factors: tuple[float, ...], keep: float
) -> Comparison:
    """Judge dx by the mask; its scale must be one of `factors`, of which the first is the one that is asked for."""
    passed = (dx != 0) & informative
    if not np.isfinite(dx).all():
        return Comparison(False, "the gradient isn't finite")
    wrong = int((passed != kept).sum())
    if wrong:
        if passed.sum() == informative.sum():
            hint = "backward doesn't use the mask: where forward dropped an element, the gradient is zero"
        else:
            hint = "backward uses another mask than forward: keep the mask of the forward pass and use it again"
        return Comparison(False, f"{wrong} elements are zero where forward kept them, or the other way round", hint)
    ratio = dx[kept].astype(np.float64) / delta[kept].astype(np.float64)
    if not _constant(ratio, dx.dtype.name):
        return Comparison(False, "the gradient isn't the given one times the mask and one constant")
    seen = float(np.median(ratio))
    tolerance = max(TOLERANCES.get(dx.dtype.name, 1e-5), 1e-5)
    if any(abs(seen - factor) <= tolerance * abs(factor) for factor in factors):
        return PASSED
    factor = factors[0]
    message = f"the gradient is the given one times {seen:.5g} where kept, expected times {factor:.5g}"
    return Comparison(False, message, scale_hint(seen, factor, keep))
