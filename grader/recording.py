"""The nouns that pass from worker to judge: a Value, and the Recording of one run of one test.

The worker makes them from a student's objects. The judge rebuilds them from bytes and compares them, so the two sides
share no objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

DTYPES: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
} | {"bfloat16": np.dtype("<u2")}
"""Every dtype that may be sent, by name, with its wire format. bfloat16 is sent as its 16 raw bits."""

ABSENT = "the submission imports '{name}', which isn't installed here"
"""How the worker calls a module that isn't there; the judge knows whether a file of the assignment is meant."""

LACKING = "{file} has no '{name}'; define it there, spelt exactly like this"
"""How the worker calls a name that a test needs and a file of the submission doesn't have."""
NEAREST = "; it has '{name}'"
"""What the worker adds if the file has a similar name."""

KILLED = "it was killed, by itself or for its use of memory"
"""What is said of a process that ended by SIGKILL; the machine's own lack of memory looks like that too."""

MOST_OUTPUTS = 12
"""The greatest number of outputs of one `check.dropout`: each output takes time and widens the bounds."""

PLACE = "place"
"""The parameter of a check in a record run that holds its file and line; it isn't kept."""

ValueType = Literal["array", "tensor", "scalar", "text"]
"""The kind of the observed object; any other string names a Python type that can't be compared."""


class Value(NamedTuple):
    """One observed value, reduced to data that may be sent."""

    type: str
    """A ValueType, or the name of another Python type."""
    dtype: str = ""
    """A key of DTYPES; for a value that can't be sent, its dtype's own name, for the message."""
    array: NDArray[Any] | None = None
    """A plain C-contiguous ndarray; bfloat16 widened to float32, text as UTF-8 bytes. None: can't be compared."""

    @property
    def text(self) -> str:
        """The characters of a text value."""
        return "" if self.array is None else self.array.tobytes().decode("utf-8", "replace")

    def describe(self) -> str:
        """Return a description: `a float64 array of shape (3, 4)`, `None`, `a list`."""
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
        if self.type == "list":
            return "a list"
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
"""How the test ended, as the worker claims; the claim may cost points but never give them."""

Ending = Literal["ok", "failed", "missing", "error", "refused", "skipped", "timeout", "crashed", "internal"]


class Observation(NamedTuple):
    """The observation of one call of `check`; the kind and its parameters matter only in a record run."""

    name: str
    kind: str
    values: Mapping[str, Value]
    """Role to value: `actual` and the kind's other observed values; a record run adds the values given to the kind."""
    params: Mapping[str, Any] = {}
    """JSON values; empty when a submission is graded."""


class Recording(NamedTuple):
    """The result of one run of one test."""

    ending: Ending
    message: str = ""
    """A message for people; it comes from the worker, so the judge caps it and removes control characters."""
    observations: tuple[Observation, ...] = ()
    output: str = ""
    """The test's standard output and standard error together, capped."""
    claimed_score: float | None = None
    """The argument of gradescope_utils' set_score; the worker's own claim."""
    leaderboard: float | str | None = None
    """The argument of set_leaderboard_value; the worker's own claim."""
    seconds: float = 0.0
    """Wall time by the judge's clock."""
    memory_mb: float = 0.0
    """Greatest resident size, by the kernel's accounting, in MiB."""
