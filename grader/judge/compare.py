"""Compares one observed value with the expected one: presence, type, shape, kind of dtype, nan and inf, values.

Inequalities are written so that nan fails. Messages name the difference and its size; they contain expected numbers
only if the caller says that students may see them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.judge.hints import hint_for
from grader.recording import Value

TOLERANCES = {
    "float64": 1e-5,
    "complex128": 1e-5,
    "float32": 1e-4,
    "complex64": 1e-4,
    "float16": 1e-2,
    "bfloat16": 4e-2,
}
"""Default rtol by the *reference's* dtype. An honest float32 solution of a float64 reference is off by about 1e-6 of
the array's scale after a few layers; the mistakes that students make are off by 1e-3 and more."""
CELLS = 4
MOST_AXES = 2
"""An array of one element with more axes isn't taken for a number."""
_EXACT = 100_000
"""The greatest number of elements for which whole numbers are subtracted exactly."""
NOT_REACHED = "no value: the test ended before it got here"


@dataclass(frozen=True)
class Comparison:
    """The verdict on one value."""

    passed: bool
    message: str = ""
    hint: str = ""
    blocked: bool = False
    """Whether the value can't be judged because of what another function returned."""


PASSED = Comparison(True)
WRONG = Comparison(False)
"""A failed comparison without an explanation."""


def compare(
    actual: Value | None,
    expected: Value,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    show_expected: bool = False,
    explain: bool = True,
) -> Comparison:
    """Compare `actual` with `expected`.

    Where a number is expected, an array of one element is that number, whatever its dimensions.
    The allowance for an element is `atol + rtol * |expected|`. Without `atol`, it is `rtol` times the root mean square
    of the expected array, so that an element near zero is compared at the scale of its array, not at its own.
    Whole numbers, booleans and texts must be equal.

    Args:
        actual: the submission's value, of any shape and dtype; None if the test ended before this check.
        expected: the reference's value, whose array is never None.
        rtol: relative tolerance; by default that of TOLERANCES for the reference's dtype.
        atol: in units of the values.
        show_expected: whether the message may hold expected numbers.
        explain: whether to explain a difference, which takes far longer than the comparison itself.
    """
    # a submission's values may overflow, divide by zero or be nan; that decides the verdict and isn't a warning
    with np.errstate(all="ignore"):
        return _compare(actual, expected, rtol, atol, show_expected, explain)


def _compare(
    actual: Value | None,
    expected: Value,
    rtol: float | None,
    atol: float | None,
    show_expected: bool,
    explain: bool,
) -> Comparison:
    actual = _as_number(actual, expected)
    refusal = _refuse(actual, expected, show_expected)
    if refusal is not None:
        return refusal
    assert actual is not None
    assert actual.array is not None
    assert expected.array is not None
    if expected.type == "text":
        return _texts(actual.text, expected.text, show_expected)
    found, wanted = actual.array, expected.array
    if found.shape != wanted.shape:
        if not explain:
            return WRONG
        hint = hint_for(found, wanted, lambda a, b: _close(a, b, *_allowance(expected, rtol, atol)), show=show_expected)
        return Comparison(False, f"shape {found.shape}, expected {wanted.shape}", hint)
    number = expected.type == "scalar" and {_kind(found), _kind(wanted)} == {"i", "f"}
    if _kind(found) != _kind(wanted) and not number:
        return Comparison(False, f"{actual.dtype} values, expected {expected.dtype}")
    relative, absolute = _allowance(expected, rtol, atol)
    good = _elementwise(found, wanted, relative, absolute)
    if good.all():
        return PASSED
    if not explain:
        return WRONG
    hint = hint_for(found, wanted, lambda a, b: _close(a, b, relative, absolute), show=show_expected)
    if not hint and actual.dtype in ("float16", "bfloat16") and actual.dtype != expected.dtype:
        hint = f"your values are {actual.dtype}, too coarse here; compute in {expected.dtype}"
    return Comparison(False, _differences(actual, expected, good, relative, absolute, show_expected), hint)


def difference(
    actual: Value | None, expected: Value, *, rtol: float | None = None, atol: float | None = None
) -> NDArray[np.float64] | None:
    """Return by how much each element is wrong, 0.0 where `compare` allows it; complex ones as pairs of floats.

    Returns None if the values don't have one form, or are texts, so that they can't be subtracted.
    """
    actual = _as_number(actual, expected)
    if expected.type == "text" or check_form(actual, expected) is not None:
        return None
    assert actual is not None
    assert actual.array is not None
    assert expected.array is not None
    found = actual.array
    good = _elementwise(found, expected.array, *_allowance(expected, rtol, atol))
    wide = np.complex128 if expected.array.dtype.kind == "c" else np.float64
    off = np.where(good, 0.0, found.astype(wide) - expected.array.astype(wide))
    return off.reshape(-1).view(np.float64)


def check_form(actual: Value | None, expected: Value) -> Comparison | None:
    """Return the failure for a wrong type, shape or kind of dtype; None if only the elements remain to be compared."""
    actual = _as_number(actual, expected)
    refusal = _refuse(actual, expected)
    if refusal is not None:
        return refusal
    assert actual is not None
    assert actual.array is not None
    assert expected.array is not None
    if actual.array.shape != expected.array.shape:
        return Comparison(False, f"shape {actual.array.shape}, expected {expected.array.shape}")
    if _kind(actual.array) != _kind(expected.array):
        return Comparison(False, f"{actual.dtype} values, expected {expected.dtype}")
    return None


def _as_number(actual: Value | None, expected: Value) -> Value | None:
    """Return the one number in an array, a tensor or a list where a number is expected: it is the same value."""
    if actual is None or actual.array is None or actual.type == "text" or _ndim(expected) or expected.type == "text":
        return actual
    if actual.array.size != 1 or not 0 < actual.array.ndim <= MOST_AXES:
        return actual
    kind = "scalar" if actual.type == "list" else actual.type
    return actual._replace(type=kind, array=actual.array.reshape(()))


def _refuse(actual: Value | None, expected: Value, show: bool = False) -> Comparison | None:
    """The failure for a value that is missing or can't be compared; None otherwise."""
    if actual is None:
        return Comparison(False, NOT_REACHED)
    if actual.array is None:
        hint = "it is None: is a return missing, or was it never stored?" if actual.type == "NoneType" else ""
        numbers = f" of {expected.dtype} values" if actual.type == expected.type else ""
        if actual.type in ("method", "function", "builtin_function_or_method"):
            hint = "that is the method itself; call it with ()"
        return Comparison(False, f"is {actual.describe()}, expected {_sort(expected, show)}{numbers}", hint)
    single = actual.type in ("array", "tensor") and actual.array.ndim == 0
    fits = (
        actual.type == expected.type
        or (expected.type == "scalar" and single)
        or (actual.type == "scalar" and expected.type in ("array", "tensor") and _ndim(expected) == 0)
    )
    if not fits:
        return Comparison(False, f"is {actual.describe()}, expected {_sort(expected, show)}")
    return None


def _ndim(value: Value) -> int:
    return 0 if value.array is None else value.array.ndim


def _sort(value: Value, show: bool) -> str:
    """Words for the sort of thing that was expected."""
    if value.type == "text" and show:
        return f"the text {value.text!r}"
    return {"array": "a numpy array", "tensor": "a torch tensor", "scalar": "a number", "text": "a text"}[value.type]


def _texts(actual: str, expected: str, show: bool) -> Comparison:
    if actual.strip() == expected.strip():
        return PASSED
    expectation = f"expected the text {expected!r}" if show else "another one is expected"
    return Comparison(False, f"is the text {actual[:60]!r}, {expectation}")


def _kind(array: NDArray[Any]) -> str:
    return "i" if array.dtype.kind in "iu" else array.dtype.kind


def _allowance(expected: Value, rtol: float | None, atol: float | None) -> tuple[float, float]:
    assert expected.array is not None
    relative = TOLERANCES.get(expected.dtype, 0.0) if rtol is None else rtol
    return relative, relative * scale(expected.array) if atol is None else atol


def scale(array: NDArray[Any]) -> float:
    """Return the root mean square of the finite elements; 0.0 if there are none."""
    if array.dtype.kind not in "fc":
        return 0.0
    finite = np.abs(array[np.isfinite(array)]).astype(np.float64)
    peak = float(finite.max()) if finite.size else 0.0
    # scaled by the peak first, so that squaring neither overflows nor underflows
    return peak * float(np.sqrt(np.mean((finite / peak) ** 2))) if peak > 0 else 0.0


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    """The dtype to compute differences in: whole numbers stay whole, everything else is at least float64."""
    if array.dtype.kind in "iub":
        return array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _elementwise(actual: NDArray[Any], expected: NDArray[Any], rtol: float, atol: float) -> NDArray[np.bool_]:
    """A mask of the elements that agree; nan agrees with nan, an infinity with the same infinity."""
    found, wanted = _wide(actual), _wide(expected)
    if wanted.dtype.kind in "iub" and found.dtype.kind in "iub":
        return np.asarray(found == wanted)
    within = np.abs(found - wanted) <= atol + rtol * np.abs(wanted)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return np.asarray(np.where(np.isfinite(wanted), within & np.isfinite(found), same))


def _close(actual: NDArray[Any], expected: NDArray[Any], rtol: float, atol: float) -> bool:
    return actual.shape == expected.shape and bool(_elementwise(actual, expected, rtol, atol).all())


def _differences(actual: Value, expected: Value, good: NDArray[np.bool_], rtol: float, atol: float, show: bool) -> str:
    found, wanted = actual.array, expected.array
    assert found is not None
    assert wanted is not None
    if found.ndim == 0:
        return f"is {_number(found[()])}" + (f", expected {_number(wanted[()])}" if show else ", which is wrong")
    lines = [f"{int((~good).sum())} of {good.size} elements differ; shape {found.shape}, {actual.dtype}"]
    places = _places(found, wanted)
    if places:
        lines.append(places)
    else:
        lines.append(_greatest(found, wanted, good, rtol, atol, show))
    lines.append(f"yours:    {_cells(found)}")
    if show:
        lines.append(f"expected: {_cells(wanted)}")
    return "\n".join(lines)


def _places(found: NDArray[Any], wanted: NDArray[Any]) -> str:
    """A sentence about different places of nan and inf; empty if they agree."""
    if found.dtype.kind not in "fc":
        return ""
    for name, test in (("nan", np.isnan), ("inf", np.isinf)):
        here = test(found)
        if wanted.dtype.kind in "fc":
            here = here & ~test(wanted)
        if here.any():
            return f"{int(here.sum())} of them are {name}, the first at {_index(here)}"
    if wanted.dtype.kind in "fc" and bool((~np.isfinite(wanted) & np.isfinite(found)).any()):
        return "some elements should not be finite, and are"
    return ""


def _greatest(
    found: NDArray[Any], wanted: NDArray[Any], good: NDArray[np.bool_], rtol: float, atol: float, show: bool
) -> str:
    if not show:
        # neither how great a difference is nor where the greatest one is: with values of the student's choice, either
        # would narrow down the expected value from hand-in to hand-in
        return f"the first of them is at {_index(~good)}"
    if found.dtype.kind in "iu" and wanted.dtype.kind in "iu" and found.size <= _EXACT:
        difference = np.abs(found.astype(object) - wanted.astype(object))  # Python's own whole numbers don't round
    else:
        difference = np.abs(_wide(found).astype(np.complex128) - _wide(wanted).astype(np.complex128))
        difference = np.where(np.isfinite(difference), difference, np.inf)
    difference[good] = -1
    place = np.unravel_index(int(np.argmax(difference)), difference.shape)
    allowed = atol + rtol * float(np.abs(wanted[place])) if wanted.dtype.kind in "fc" else 0.0
    index = ", ".join(str(int(i)) for i in place)
    greatest = float(difference[place])
    return f"greatest difference {greatest:.3g} at [{index}]; allowed there {allowed:.2g}"


def _index(mask: NDArray[np.bool_]) -> str:
    place = np.unravel_index(int(np.argmax(mask)), mask.shape)
    return f"[{', '.join(str(int(i)) for i in place)}]"


def _number(value: Any) -> str:
    return f"{value:.8g}" if isinstance(value, float | np.floating) else str(value)


def _cells(array: NDArray[Any]) -> str:
    """The first elements in a row, enough to recognise them."""
    flat = array.reshape(-1)[:CELLS]
    more = " ..." if array.size > CELLS else ""
    return " ".join(_number(value) for value in flat) + more
