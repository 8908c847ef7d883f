"""Judges the output of dropout in training: of one call, of several, and of several instances of the layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from grader.judge.compare import PASSED, TOLERANCES, Comparison, check_form
from grader.judge.dropout.laws import Array, Mask, agreement, binomial_interval, count_laws, level
from grader.judge.dropout.structure import judge_counts, judge_crossed, judge_structure
from grader.judge.dropout.values import array_of, factor_of, is_constant, ratio_of, scale_hint
from grader.recording import MOST_OUTPUTS, Observation, Value

_FITS, _APART = 4.0, 1.5
"""A mistake explains a count within _FITS standard deviations, if every other one is _APART further off."""


@dataclass(frozen=True)
class _Output:
    """One output that is judged."""

    y: Array
    name: str
    """The first words of a message about this output; empty for the first output."""
    instance: int
    """0 for the layer itself, 1 for the other ones."""


@dataclass(frozen=True)
class _Demand:
    """The demands on every output, from the reference's recording."""

    x: Array
    keep: float
    factor: float
    dtype: str
    alpha: float
    """The level of one exact law of this check."""

    @property
    def known(self) -> Mask:
        return np.asarray(self.x != 0)

    def within(self, count: int, p: float) -> bool:
        low, high = binomial_interval(int(self.known.sum()), p, self.alpha)
        return low <= count <= high


def indistinguishable(x: Array, keep: float) -> bool:
    """Whether keep and drop can't be distinguished on this input: too few elements, or keep near 0.5.

    The test uses the level of a check with the greatest allowed number of outputs.
    """
    n, alpha = int((x != 0).sum()), level(count_laws(MOST_OUTPUTS))
    low, high = binomial_interval(n, keep, alpha)
    other_low, other_high = binomial_interval(n, 1 - keep, alpha)
    return low <= other_high and other_low <= high


def judge_forward(expected: Observation, actual: Mapping[str, Value]) -> Comparison:
    """Judge the output of dropout in training.

    Args:
        expected: the reference's check: `actual` and `x`, and if the test has them, `repeat` and further outputs
            (`again`, `again 2`, ..., `other`, `other 2`, ...), all of one shape and a float dtype; parameters `keep`,
            `sampler` and `strict`. Without `keep`, the outputs may have any masks that differ.
            See `Check.dropout`.
        actual: the submission's values of the same roles; a missing one fails the check.
    """
    further = [role for role in expected.values if role.split(" ")[0] in ("again", "other")]
    for role in ("actual", *further, "repeat"):
        if role in expected.values:
            bad_form = check_form(actual.get(role), expected.values[role])
            if bad_form is not None:
                return bad_form
    outputs = [_Output(array_of(actual["actual"]), "", 0)]
    for role in further:
        again = role.startswith("again")
        name = "in a later call, " if again else "in another instance of the layer, "
        outputs.append(_Output(array_of(actual[role]), name, 0 if again else 1))
    x, reference = array_of(expected.values["x"]), expected.values["actual"]
    with np.errstate(all="ignore"):
        if "keep" not in expected.params:
            return _any_masks(outputs, x) or PASSED
        demand = _Demand(
            x=x,
            keep=float(expected.params["keep"]),
            factor=factor_of(array_of(reference), x),
            dtype=reference.dtype,
            alpha=level(count_laws(len(outputs))),
        )
        verdict = _strict(outputs[0].y, expected) if expected.params.get("strict") else None
        verdict = verdict or _judge(outputs, demand)
        if verdict is None and "repeat" in expected.values:
            verdict = _same_seed(outputs[0].y, array_of(actual["repeat"]))
        return verdict or PASSED


def _judge(outputs: Sequence[_Output], demand: _Demand) -> Comparison | None:
    """Apply the rules in order, because a rule may rely on earlier ones: without kept elements there is no scale."""
    verdict = _no_masks(outputs, demand.x)
    if verdict is not None:
        return verdict
    masks, known = np.stack([output.y != 0 for output in outputs]), demand.known
    # the first output and the last of each role: every output costs time, and a mistake only in the others is unlikely
    looked_at = sorted({output.name: place for place, output in enumerate(outputs)}.values())
    names = [outputs[place].name for place in looked_at]
    verdict = judge_structure(masks[looked_at], known, demand.x, demand.keep, names)
    verdict = verdict or _fraction(outputs[0].y, demand) or _scale(outputs[0].y, demand)
    verdict = verdict or _compare(outputs, known, lambda same: demand.within(same, agreement(demand.keep)))
    for output in outputs[1:]:
        verdict = verdict or _named(output, _fraction(output.y, demand) or _scale(output.y, demand))
    if verdict is None and len(outputs) > 1:
        verdict = judge_crossed(masks[0], masks[1:], known, demand.keep)
    return verdict or judge_counts(masks, known, demand.keep)


def _named(output: _Output, verdict: Comparison | None) -> Comparison | None:
    return None if verdict is None else Comparison(False, f"{output.name}{verdict.message}", verdict.hint)


def _compare(outputs: Sequence[_Output], known: Mask, by_chance: Callable[[int], bool]) -> Comparison | None:
    """The failure if two masks are the same, or agree in a number of elements that chance doesn't explain."""
    signs = np.stack([np.where(output.y != 0, 1.0, -1.0)[known] for output in outputs])
    agreed = np.rint(signs @ signs.T + signs.shape[1]) // 2
    for (one, first), (two, second) in combinations(enumerate(outputs), 2):
        same, total = int(agreed[one, two]), signs.shape[1]
        if same < total and by_chance(same):
            continue
        apart = first.instance != second.instance
        whose = "two instances of the layer" if apart else "two calls"
        hint = "draw a new mask in every forward pass in training"
        if apart:
            hint += ", and let the generator run on: a seed that the layer sets repeats what was drawn before"
        fact = f"{whose} have the same mask" if same == total else f"the masks of {whose} depend on each other"
        return Comparison(False, fact, hint)
    return None


def _any_masks(outputs: Sequence[_Output], x: Array) -> Comparison | None:
    """The failure if an output has no mask, or if two have the same."""
    return _no_masks(outputs, x) or _compare(outputs, np.asarray(x != 0), lambda same: True)


def _no_masks(outputs: Sequence[_Output], x: Array) -> Comparison | None:
    """The failure if an output isn't the input with some elements dropped and the others scaled by one constant."""
    for output in outputs:
        verdict = _not_finite(output.y) or _neither_kept_nor_dropped(output.y, x) or _all_or_nothing(output.y, x)
        if verdict is not None:
            return _named(output, verdict)
    return None


def _not_finite(y: Array) -> Comparison | None:
    bad = ~np.isfinite(y)
    if not bad.any():
        return None
    word = "nan" if np.isnan(y).any() else "inf"
    return Comparison(False, f"{int(bad.sum())} of {y.size} elements are {word}")


def _neither_kept_nor_dropped(y: Array, x: Array) -> Comparison | None:
    stray = int(((x == 0) & (y != 0)).sum())
    if stray == 0 and is_constant(ratio_of(y, x), y.dtype.name):
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


def _fraction(y: Array, demand: _Demand) -> Comparison | None:
    n, keep = int(demand.known.sum()), demand.keep
    kept = int(((y != 0) & demand.known).sum())
    if demand.within(kept, keep):
        return None
    low, high = binomial_interval(n, keep, demand.alpha)
    message = f"{kept} of {n} elements are kept; with keep probability {keep:g} it would be {low} to {high}"
    return Comparison(False, message, _fraction_hint(kept, n, keep))


def _fraction_hint(kept: int, n: int, keep: float) -> str:
    """The mistake that explains the fraction, if it fits far better than all others."""
    gaussian = (
        _normal(keep),
        1 - _normal(1 - keep),
    )  # randn() < p if p is the probability to keep, randn() > p otherwise
    swapped = _deviations(kept, n, 1 - keep)
    drawn = min(_deviations(kept, n, p) for p in gaussian)
    best, other = min(swapped, drawn), max(swapped, drawn)
    if best > _FITS or other < best + _APART:
        return ""
    if swapped == best:
        return "keep and drop are swapped: look up which of the two p is in this course"
    return "the draw looks Gaussian (randn); compare a uniform one (rand) with p"


def _normal(z: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def _deviations(kept: int, n: int, p: float) -> float:
    """The distance of a count from its expected value n · p, in standard deviations."""
    return abs(kept - n * p) / math.sqrt(n * p * (1 - p)) if 0 < p < 1 else math.inf


def _scale(y: Array, demand: _Demand) -> Comparison | None:
    seen, factor = float(np.median(ratio_of(y, demand.x))), demand.factor
    tolerance = max(TOLERANCES.get(demand.dtype, 1e-5), TOLERANCES.get(y.dtype.name, 1e-5) / 10)
    if abs(seen - factor) <= tolerance * abs(factor):
        return None
    message = f"the kept elements are the input times {seen:.5g}, expected times {factor:.5g}"
    return Comparison(False, message, scale_hint(seen, factor, demand.keep))


def _same_seed(y: Array, repeat: Array) -> Comparison | None:
    if ((y != 0) == (repeat != 0)).all():
        return None
    return Comparison(False, "the same seed gives another mask", "draw from the generator that the seed was set on")


def _strict(y: Array, check: Observation) -> Comparison | None:
    reference = check.values["actual"]
    expected = array_of(reference)
    tolerance = TOLERANCES.get(reference.dtype, 1e-5)
    if ((y != 0) == (expected != 0)).all() and (np.abs(y - expected) <= tolerance * np.abs(expected)).all():
        return None
    differ = int(((y != 0) != (expected != 0)).sum())
    sampler = str(check.params.get("sampler") or "named")
    message = f"{differ} of {y.size} elements of the mask differ from the {sampler} draw that the handout asks for"
    return Comparison(False, message if differ else "the mask is right, the scale isn't")
