"""Recognises mistakes from two arrays alone: transposed, sign, a constant factor, one row off, zeros.

A hint is one sentence, or empty. It names the recognised mistake, never the expected numbers. The rules are ordered
from the most to the least certain, and the first rule that fits is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LINES = 2000
"""The greatest number of rows or columns that are compared one by one."""
Close = Callable[[NDArray[Any], NDArray[Any]], bool]


def hint_for(actual: NDArray[Any], expected: NDArray[Any], close: Close, *, show: bool) -> str:
    """Return a hint about the likely mistake; empty if no rule fits.

    Args:
        actual: the submission's array, of any shape and dtype.
        expected: the reference's array, likewise.
        close: whether two arrays are equal within the check's tolerance.
        show: whether the student may know the expected numbers; a factor and the student's values would reveal them.
    """
    if actual.dtype.kind not in "fiu" or expected.dtype.kind not in "fiu":
        return ""
    if actual.shape != expected.shape:
        return _shape_hint(actual, expected, close)
    if actual.ndim == 0 or not np.isfinite(actual).all() or not np.isfinite(expected).all():
        return ""
    for rule in (_zeros, _transposed, _sign):
        hint = rule(actual, expected, close)
        if hint:
            return hint
    return (
        _factor(actual, expected, close, show)
        or _partly_zero(actual, expected, close, show)
        or _one_line_off(actual, expected, close)
    )


def _shape_hint(actual: NDArray[Any], expected: NDArray[Any], close: Close) -> str:
    if actual.ndim == 2 and close(actual.T, expected):
        return "your array is the transpose of the expected one"
    if actual.size == expected.size and close(actual.reshape(expected.shape), expected):
        kept = (
            "leave keepdims=True out, or reshape" if actual.ndim > expected.ndim else "keepdims=True or reshape helps"
        )
        return f"the values are right, only the shape isn't; {kept}"
    if expected.size == 1 and actual.size > 1:
        for reduce, word in ((np.sum, "summed up"), (np.mean, "averaged")):
            if close(np.asarray(reduce(actual)).reshape(expected.shape), expected):
                return f"one value for each element where one number is expected; they should be {word}"
    return ""


def _zeros(actual: NDArray[Any], expected: NDArray[Any], close: Close) -> str:
    if not actual.any() and expected.any():
        return "all your values are zero"
    return ""


def _transposed(actual: NDArray[Any], expected: NDArray[Any], close: Close) -> str:
    if actual.ndim == 2 and actual.shape[0] == actual.shape[1] > 1 and close(actual.T, expected):
        return "your array is the transpose of the expected one"
    return ""


def _sign(actual: NDArray[Any], expected: NDArray[Any], close: Close) -> str:
    if "u" in (actual.dtype.kind, expected.dtype.kind):
        return ""
    return "the sign is the wrong way round" if close(-actual, expected) else ""


def _factor(actual: NDArray[Any], expected: NDArray[Any], close: Close, show: bool) -> str:
    """One constant factor between the two arrays; the hint names the factor if it is a size or its inverse."""
    flat, wanted = np.ravel(actual).astype(np.float64), np.ravel(expected).astype(np.float64)
    peak = float(np.abs(wanted).max(initial=0.0))
    if not 1e-150 < peak < 1e150:
        return ""  # the square overflows or underflows, so it gives no factor
    square = float(wanted @ wanted)
    if not np.isfinite(square) or np.count_nonzero(wanted) < 2 or not np.isfinite(flat).all():
        return ""
    factor = float(flat @ wanted) / square
    if (
        abs(factor) < 1e-150
        or not np.isfinite(factor)
        or abs(factor - 1) < 1e-9
        or not close((flat / factor).reshape(expected.shape), expected)
    ):
        return ""
    if not show:
        return (
            "your values are the expected ones times one constant: a factor is missing or too many, a mean for a sum?"
        )
    for size in dict.fromkeys(expected.shape):
        # 2 and 1/2 have other causes too: a gradient without its 2, or a penalty with or without 1/2
        other = ", or a factor of 2?" if size == 2 else "?"
        if size > 1 and abs(factor * size - 1) < 1e-3:
            return f"your values are 1/{size} of the expected ones, and {size} is a size here: a mean for a sum{other}"
        if size > 1 and abs(factor / size - 1) < 1e-3:
            return f"your values are {size} times the expected ones, and {size} is a size here: a sum for a mean{other}"
    return f"your values are {factor:.4g} times the expected ones everywhere: a factor is missing or too many"


def _partly_zero(actual: NDArray[Any], expected: NDArray[Any], close: Close, show: bool) -> str:
    """Some elements zeroed and the others scaled alike: dropout, or a ReLU, where none should be."""
    kept = actual != 0
    if not (expected != 0).all() or not _scattered(kept):
        return ""
    ratio = actual[kept] / expected[kept]
    factor = float(np.median(ratio))
    if factor > 0 and close(np.where(kept, actual / factor, expected), expected):
        by = f" by {factor:.4g}" if show else ""
        scaled = "" if abs(factor - 1) < 1e-3 else f" and the others are scaled{by}"
        what = "ReLU" if (expected[~kept] < 0).all() and (expected[kept] > 0).all() else "dropout"
        return (
            f"{int((~kept).sum())} elements are zero that shouldn't be{scaled}: {what} is applied where it must not be"
        )
    return ""


def _scattered(kept: NDArray[np.bool_]) -> bool:
    """Whether the zeros look like a random mask: not in one piece, not a whole row or column, not as many in each."""
    if np.count_nonzero(kept) < 3 or np.count_nonzero(np.diff(kept.ravel())) < 4:
        return False
    rows = kept.reshape(kept.shape[0], -1)
    counts = rows.sum(axis=0), rows.sum(axis=1)  # one-hot labels are as scattered, one in each row
    return kept.ndim < 2 or all(bool(count.all()) and len(set(count.tolist())) > 1 for count in counts)


_GROSS = 0.01
"""An error of less than this share of the greatest value says nothing about where it comes from."""


def _one_line_off(actual: NDArray[Any], expected: NDArray[Any], close: Close) -> str:
    """All but one row, or all but one column, are right, and most of that one is wrong: a stray element isn't a row."""
    if actual.ndim != 2 or max(actual.shape) > _LINES:
        return ""
    for axis, word in ((0, "row"), (1, "column")):
        lines = actual.shape[axis]
        wrong = (
            [i for i in range(lines) if not close(actual.take(i, axis), expected.take(i, axis))] if lines > 2 else []
        )
        if len(wrong) == 1:
            mine, right = actual.take(wrong[0], axis), expected.take(wrong[0], axis)
            off = sum(not close(mine[i : i + 1], right[i : i + 1]) for i in range(len(mine)))
            # of a small error everywhere, one line's may be the first that is seen
            gross = np.abs(mine - right).max() > _GROSS * np.abs(expected).max()
            if 2 * off > len(mine) and gross:
                return f"only {word} {wrong[0]} is wrong"
    return ""
