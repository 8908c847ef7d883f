"""Lets code for numpy 1 run: it restores removed names, a shape of None, ragged arrays, `int` of one element.

Older handouts and hand-ins use `np.zeros(None)` as a placeholder, `astype(np.float)`, and arrays from ragged lists.
That was correct when it was written, and doesn't show whether the homework is right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.testing.conversions import accept_one_element

_NAMES: dict[str, Any] = {
    "Inf": np.inf,
    "Infinity": np.inf,
    "NINF": -np.inf,
    "NZERO": -0.0,
    "NaN": np.nan,
    "PINF": np.inf,
    "PZERO": 0.0,
    "alltrue": np.all,
    "asfarray": functools.partial(np.asarray, dtype=np.float64),
    "asscalar": lambda array: array.item(),
    "complex": complex,
    "complex_": np.complex128,
    "cumproduct": np.cumprod,
    "float": float,
    "float_": np.float64,
    "in1d": np.isin,
    "infty": np.inf,
    "int": int,
    "mat": np.asmatrix,
    "object": object,
    "product": np.prod,
    "round_": np.round,
    "row_stack": np.vstack,
    "sometrue": np.any,
    "str": str,
    "string_": np.bytes_,
    "trapz": getattr(np, "trapezoid", None),
    "unicode_": np.str_,
}
"""Removed names and their replacements (numpy's release notes 1.20 to 2.4)."""


def accept_numpy_1() -> None:
    """Change numpy for this process; calling it again changes nothing."""
    if hasattr(np.zeros, "__wrapped__"):
        return
    accept_one_element()
    for name, value in _NAMES.items():
        if name not in vars(np):
            setattr(np, name, value)
    for name in ("zeros", "ones", "empty"):
        setattr(np, name, _none_is_no_dimension(getattr(np, name)))
    setattr(np, "array", _ragged_is_object(np.array))  # noqa: B010  # numpy's stub forbids the plain assignment


def _none_is_no_dimension(make: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(make)
    def made(shape: Any, *args: Any, **kwargs: Any) -> Any:
        return make(() if shape is None else shape, *args, **kwargs)

    return made


def _ragged_is_object(make: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(make)
    def made(object: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return make(object, *args, **kwargs)
        except ValueError as error:
            if args or "dtype" in kwargs or "inhomogeneous" not in str(error):
                raise
            return make(object, dtype="object", **kwargs)

    return made
