"""The factor by which kept elements are scaled, and the mistake that explains a wrong factor."""

from __future__ import annotations

import numpy as np

from grader.judge.compare import TOLERANCES
from grader.judge.dropout.laws import Array
from grader.recording import Value


def array_of(value: Value) -> Array:
    """The array of a value whose form was checked before."""
    assert value.array is not None
    return value.array


def factor_of(output: Array, base: Array) -> float:
    """The constant by which the kept elements are scaled, computed from a right output."""
    kept = (output != 0) & (base != 0)
    return float(np.median(output[kept].astype(np.float64) / base[kept])) if kept.any() else 1.0


def ratio_of(output: Array, base: Array) -> Array:
    """output / base at the kept elements with a usable base."""
    kept = (output != 0) & (base != 0)
    return np.asarray(output[kept].astype(np.float64) / base[kept].astype(np.float64))


def is_constant(ratio: Array, dtype: str) -> bool:
    """Whether all ratios are equal within the tolerance of a dtype; True for an empty array."""
    tolerance = max(TOLERANCES.get(dtype, 1e-5), 1e-5)
    if ratio.size == 0 or not np.isfinite(ratio).all():
        return ratio.size == 0
    middle = float(np.median(ratio))
    return bool((np.abs(ratio - middle) <= tolerance * abs(middle)).all())


def scale_hint(seen: float, factor: float, keep: float) -> str:
    """Name the mistake that explains a wrong constant factor."""

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
