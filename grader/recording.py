"""The nouns that cross the border: a Value, and the Recording that one run of one test leaves behind.

The worker makes them from a student's objects; the judge rebuilds them from bytes and compares them. Neither side
ever sees an object of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

DTYPES: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
} | {"bfloat16": np.dtype("<u2")}
"""Every dtype that may cross, by name, with its layout on the wire. bfloat16 travels as its 16 raw bits."""

MOST_OUTPUTS = 12
"""How many outputs one `check.dropout` may compare: each takes time, and makes its bounds wider."""

ValueType = Literal["array", "tensor", "scalar", "text"]
"""What a value was before it was reduced; any other string names a Python type that can't be compared."""


@dataclass(frozen=True)
class Value:
    """One observed value, reduced to what may cross the border."""

    type: str
    """A ValueType, or the name of the Python type that was found instead."""
    dtype: str = ""
    """A key of DTYPES; for something that can't cross, the dtype's own name, for the message."""
    array: NDArray[Any] | None = None
    """A plain C-contiguous ndarray; bfloat16 widened to float32, text as UTF-8 bytes. None: can't be compared."""

    @property
    def text(self) -> str:
        """The characters of a text value."""
        return "" if self.array is None else self.array.tobytes().decode("utf-8", "replace")

    def describe(self) -> str:
        """Say what this is: `a float64 array of shape (3, 4)`, `None`, `a list`."""
        if self.type == "NoneType":
            return "None"
        if self.array is None:
            what = "number" if self.type == "scalar" else self.type
            article = "an" if what[:1].lower() in "aeiou" else "a"
            return f"{article} {what}" + (f" of dtype {self.dtype}" if self.dtype else "")
        if self.type == "text":
            return f"the text {self.text[:40]!r}"
        if self.type == "scalar":
            return f"a {self.dtype} number"
        return f"a {self.dtype} {self.type} of shape {self.array.shape}"


def plain(dtype: str, raw: bytes | bytearray | memoryview, shape: tuple[int, ...]) -> NDArray[Any]:
    """Rebuild an array from wire bytes (C order, little-endian); bfloat16 becomes float32, booleans become 0 or 1."""
    array: NDArray[Any] = np.frombuffer(raw, dtype=DTYPES["uint8" if dtype == "bool" else dtype]).reshape(shape)
    if dtype == "bool":
        return np.asarray(array != 0)
    if dtype == "bfloat16":
        return np.asarray((array.astype("<u4") << 16).view("<f4"), dtype=np.float32)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


Claim = Literal["ok", "failed", "missing", "error", "refused", "skipped"]
"""How the test body ended, in the worker's own words: believed when it costs points, never when it gives them."""

Ending = Literal["ok", "failed", "missing", "error", "refused", "skipped", "timeout", "crashed", "internal"]


@dataclass(frozen=True)
class Observation:
    """What one call of `check` left: the kind and its parameters matter in a record run only."""

    name: str
    kind: str
    values: Mapping[str, Value]
    """Role to value: `actual`, and what else the kind observes; a record run adds what the kind is given."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """JSON values; empty when a submission is graded."""


@dataclass(frozen=True)
class Recording:
    """What one run of one test left behind."""

    ending: Ending
    message: str = ""
    """For a person; from the worker, so capped and stripped of control characters by the judge's side."""
    observations: tuple[Observation, ...] = ()
    output: str = ""
    """What the test printed, standard output and error together, capped."""
    claimed_score: float | None = None
    """What the test passed to gradescope_utils' set_score; the worker's own word."""
    leaderboard: float | str | None = None
    """What the test passed to set_leaderboard_value; the worker's own word."""
    seconds: float = 0.0
    """Wall time by the judge's clock."""
    memory_mb: float = 0.0
    """Greatest resident size, by the kernel's accounting, in MiB."""
