"""Lets code for numpy 1 run: it restores removed names, a shape of None and ragged arrays.

Older handouts and hand-ins use `np.zeros(None)` as a placeholder, `astype(np.float)`, and arrays from ragged lists.
That was correct when it was written, and doesn't show whether the homework is right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

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
REMOVED = frozenset(_NAMES) | {
    *("add_docstring", "add_newdoc", "add_newdoc_ufunc", "alen", "asscalar", "bool", "bool8", "byte_bounds", "cast"),
    *(
        "cfloat",
        "chararray",
        "clongfloat",
        "compat",
        "compare_chararrays",
        "complex",
        "deprecate",
        "disp",
        "find_common_type",
    ),
    *("float96", "float128", "fastCopyAndTranspose", "getbuffer", "issubclass_", "issubsctype", "long", "longfloat"),
    *(
        "longcomplex",
        "loads",
        "lookfor",
        "maximum_sctype",
        "msort",
        "nbytes",
        "newbuffer",
        "obj2sctype",
        "rank",
        "safe_eval",
    ),
    *(
        "sctype2char",
        "sctypeNA",
        "sctypes",
        "set_numeric_ops",
        "set_string_function",
        "singlecomplex",
        "source",
        "tracemalloc_domain",
    ),
    *("typeDict", "typeNA", "unicode", "uint0", "who", "void0", "object0", "int0", "str0", "bytes0"),
}
"""Every name that numpy had once. Another name that it doesn't have was never there."""


def accept_numpy_1() -> None:
    """Change numpy for this process; calling it again changes nothing."""
    for name, value in _NAMES.items():
        if name not in vars(np):
            setattr(np, name, value)
    if not hasattr(np.zeros, "__wrapped__"):
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
