"""Judges dropout's gradient against the mask of the submission's own forward pass."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grader.judge.compare import PASSED, TOLERANCES, Comparison, check_form
from grader.judge.dropout.laws import Array, Mask
from grader.judge.dropout.values import array_of, factor_of, is_constant, ratio_of, scale_hint
from grader.recording import Observation, Value

_TRIVIAL = 0.02
"""A forward mask that keeps, or drops, less than this share gives no information about backward."""


def judge_backward(expected: Observation, actual: Mapping[str, Value]) -> Comparison:
    """Judge dropout's gradient against the mask of the submission's own forward pass.

    The check of the forward pass judges that mask. Here it must only keep some elements and drop others.

    Args:
        expected: the reference's check: `actual` (the gradient), `y`, `x` and `delta`, all of one shape and a float
            dtype; parameter `keep`. See `Check.dropout_backward`.
        actual: the submission's values of the roles `actual` and `y`.
    """
    bad_form = check_form(actual.get("actual"), expected.values["actual"])
    if bad_form is not None:
        return bad_form
    y_form = check_form(actual.get("y"), expected.values["y"])
    if "y" not in actual:
        return Comparison(False, "can't be judged, because the forward pass returned nothing", blocked=True)
    if y_form is not None:
        message = f"can't be judged, because of what the forward pass returns: {y_form.message}"
        return Comparison(False, message, blocked=True)
    x, delta = array_of(expected.values["x"]), array_of(expected.values["delta"])
    y, dx = array_of(actual["y"]), array_of(actual["actual"])
    with np.errstate(all="ignore"):
        return _judge_gradient(expected, y, dx, x, delta)


def _judge_gradient(expected: Observation, y: Array, dx: Array, x: Array, delta: Array) -> Comparison:
    informative = (x != 0) & (delta != 0)
    kept = (y != 0) & informative
    share = kept.sum() / max(int(informative.sum()), 1)
    if not _TRIVIAL <= share <= 1 - _TRIVIAL:
        message = f"can't be judged, because the forward pass keeps {share:.0%} of the elements"
        return Comparison(False, message, blocked=True)
    factor = factor_of(array_of(expected.values["actual"]), delta * (array_of(expected.values["y"]) != 0))
    keep = float(expected.params["keep"])
    # a wrong scale in forward fails the forward check; a gradient with that scale is consistent, and so right
    if is_constant(ratio_of(y, x), y.dtype.name):
        return _gradient(dx, delta, kept, informative, (factor, factor_of(y, x)), keep)
    # so is one with forward's own numbers, where they aren't zeros and ones; the course's scale may be left out
    slopes = np.divide(y, x, out=np.zeros(y.shape), where=kept)
    own = _gradient(dx, delta * slopes, kept, informative, (1.0, factor * keep), keep)
    if own.passed:
        return own
    # forward's own fault, such as //, may round to zero what it keeps
    passed = (dx != 0) & informative
    if not (kept & ~passed).any() and passed.sum() <= (1 - _TRIVIAL) * informative.sum():
        kept = passed
    return _gradient(dx, delta, kept, informative, (factor,), keep)


def _gradient(
    dx: Array, delta: Array, kept: Mask, informative: Mask, factors: tuple[float, ...], keep: float
) -> Comparison:
    """Judge dx by the mask; its scale must be one of `factors`, the first of which is the expected one."""
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
    if not is_constant(ratio, dx.dtype.name):
        return Comparison(False, "the gradient isn't the given one times the mask and one constant")
    seen = float(np.median(ratio))
    tolerance = max(TOLERANCES.get(dx.dtype.name, 1e-5), 1e-5)
    if any(abs(seen - factor) <= tolerance * abs(factor) for factor in factors):
        return PASSED
    factor = factors[0]
    message = f"the gradient is the given one times {seen:.5g} where kept, expected times {factor:.5g}"
    return Comparison(False, message, scale_hint(seen, factor, keep))
