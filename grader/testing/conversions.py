"""Lets numpy 2 convert an array of one element as numpy 1 did: by `int`, `float` and `complex`, and into an element.

`int(np.array([3]))` was right when older handouts and hand-ins were written; numpy 2.4 refuses it. Python code can't
change an array's type, so its functions for numbers are replaced in the interpreter's own tables, and `__complex__` in
the dict of its methods. Where a table isn't as known, nothing is changed.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import sysconfig
from typing import Any

import numpy as np

_AS_NUMBER, _NAME = 12, 3
"""Places of two fields of a type object, counted in pointers (CPython 3.10 to 3.14, with the interpreter lock)."""
_INT, _FLOAT = 16, 18
"""Places of `__int__` and `__float__` among a type's functions for numbers."""
_Function = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)
_kept: list[Any] = []
"""The replacing functions: the interpreter holds only their addresses."""


class _Refused:
    """What `int` of several elements gets: the interpreter then raises a TypeError that names this class."""


_Refused.__name__ = "an array that hasn't exactly one element"


def _to_int(array: Any) -> Any:
    try:
        return int(array.item())
    except Exception:
        return _Refused()


def _to_float(array: Any) -> Any:
    try:
        return float(array.item())
    except Exception:
        return _Refused()


def _to_complex(array: Any) -> complex:
    if array.size != 1:
        raise TypeError("an array of other than one element is no complex number")
    return complex(array.item())


def accept_one_element() -> None:
    """Change numpy's array types for this process, if numpy refuses what numpy 1 did; again changes nothing."""
    if _kept or not _refuses():
        return
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return
    if not (3, 10) <= sys.version_info[:2] <= (3, 14):
        return
    for kind, known in ((np.ndarray, b"numpy.ndarray"), (np.matrix, b"matrix")):
        table = ctypes.cast(id(kind), ctypes.POINTER(ctypes.c_void_p))
        name = table[_NAME]
        if not name or ctypes.string_at(name) != known:
            return
        numbers = ctypes.cast(table[_AS_NUMBER], ctypes.POINTER(ctypes.c_void_p))
        for place, function in ((_INT, _to_int), (_FLOAT, _to_float)):
            made = _Function(function)
            _kept.append(made)
            numbers[place] = ctypes.cast(made, ctypes.c_void_p).value
    methods = gc.get_referents(np.ndarray.__dict__)
    if len(methods) == 1 and isinstance(methods[0], dict) and "__complex__" in methods[0]:
        methods[0]["__complex__"] = _to_complex
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))


def _refuses() -> bool:
    try:
        int(np.array([3]))
    except TypeError:
        return True
    return False
