"""A digest of how a test went wrong, by which a class's equal unnamed mistakes are found.

Two hand-ins with the same mistake rarely return the same bytes: one computes in float32, another sums in another order.
So a few sums over the differences are rounded, not the elements: of many elements, one is always near a boundary.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.fixtures import TestSpec
from grader.judge.compare import NOT_REACHED, check_form, difference, scale
from grader.recording import Observation, Recording, Value
from grader.report import CheckResult

DIGITS = 16
"""The digest's length. A class has some thousands of them, so equal ones by chance don't happen."""
MOST_ELEMENTS = 5000
"""The most elements of a value that are looked at, or so; more would show in the time of judging."""
_TELLING = ("ok", "failed", "error")
"""Endings that say something about a mistake: others are missing work, a limit, or a fault of ours."""
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")


def fingerprint(spec: TestSpec, recording: Recording, checks: Sequence[CheckResult]) -> str:
    """Return a digest that is equal for equal mistakes; empty if the ending says nothing about a mistake.

    Args:
        spec: the test; its expected values are the reference's.
        recording: of the submission's run, which didn't earn all points.
        checks: the verdicts on the recording's checks.
    """
    if recording.ending not in _TELLING:
        return ""
    wrong = next((check for check in checks if not check.passed and check.message != NOT_REACHED), None)
    parts: list[object] = []
    if recording.ending != "ok":
        parts += [recording.ending, _kind_of_message(recording.message)]
    if wrong is not None:
        parts += [wrong.name, _fault(wrong, spec.expected, recording.observations)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:DIGITS] if parts else ""


def _kind_of_message(message: str) -> str:
    """A message's first line without its numbers, which differ between hand-ins with the same mistake."""
    return _NUMBER.sub("#", message.partition("\n")[0])


def _fault(wrong: CheckResult, expected: Sequence[Observation], observed: Sequence[Observation]) -> object:
    """A JSON value for what is wrong with a check's value."""
    wanted = next((item for item in expected if item.name == wrong.name), None)
    if wanted is None or wanted.kind != "equal":
        return _kind_of_message(wrong.message)  # judged by a rule, often on random values
    actual = next((item.values.get("actual") for item in observed if item.name == wrong.name), None)
    rtol, atol = wanted.params.get("rtol"), wanted.params.get("atol")
    if actual is None or check_form(actual, wanted.values["actual"]) is not None:
        return wrong.message
    with np.errstate(all="ignore"):  # the values are the submission's: they may overflow
        off = difference(_thinned(actual), _thinned(wanted.values["actual"]), rtol=rtol, atol=atol)
    # where all of the remaining elements are right, the message names the first wrong one
    return _sketch(off) if off is not None and off.any() else wrong.message


def _thinned(value: Value) -> Value:
    """A value reduced to evenly spaced elements, if it is long, to bound the time."""
    assert value.array is not None
    flat = value.array.reshape(-1)
    return value._replace(array=flat[:: flat.size // MOST_ELEMENTS + 1])


def _sketch(off: NDArray[Any]) -> list[float]:
    """The number of nan and inf, and four rounded numbers about the other differences.

    Those are means over all elements, so the elements' own rounding errors change them far less than the rounding here.
    """
    flat = off.reshape(-1)
    finite = np.isfinite(flat)
    flat = np.where(finite, flat, 0.0)
    size = scale(flat)
    holes = float(finite.size - np.count_nonzero(finite))
    if not size > 0:
        return [holes]
    flat = flat / size
    ramp = np.linspace(-1.0, 1.0, flat.size)
    means = (flat.mean(), (flat * ramp).mean(), (flat * np.cos(37.0 * ramp)).mean(), math.log(size))
    return [holes, *(round(float(value), 2) + 0.0 for value in means)]  # + 0.0 makes -0.0 a 0.0
