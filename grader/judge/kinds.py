"""The kinds of check, one small function each, in one table.

A kind gets the observations of the reference (or an accepted variant) and of the submission, and returns a Comparison.
Its parameters and the values that the test gave it come from the reference's side only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from grader.judge.compare import PASSED, Comparison, check_form, compare
from grader.judge.dropout import judge_backward, judge_forward
from grader.recording import Observation, Value
from grader.text import clean_text

Values = Mapping[str, Value]


@dataclass(frozen=True)
class Sighting:
    """One check to judge."""

    expected: Observation
    actual: Values
    """Role to value, from the submission; empty if the test never reached the check."""
    show_expected: bool
    explain: bool = True
    """Whether an explanation of a failure is needed."""

    @property
    def value(self) -> Value | None:
        """The observed value."""
        return self.actual.get("actual")

    def number(self) -> float | None:
        """The observed value as one finite number, if it is one."""
        if self.value is None or self.value.array is None or self.value.type == "text" or self.value.array.size != 1:
            return None
        number = complex(self.value.array.reshape(())[()])
        return number.real if number.imag == 0 and np.isfinite(number.real) else None


def _equal(seen: Sighting) -> Comparison:
    params = seen.expected.params
    return compare(
        seen.value,
        seen.expected.values["actual"],
        rtol=params.get("rtol"),
        atol=params.get("atol"),
        show_expected=seen.show_expected,
        explain=seen.explain,
    )


def _structure(seen: Sighting) -> Comparison:
    expected, actual = seen.expected.values["structure"].text, seen.actual.get("structure")
    if actual is not None and actual.type == "text" and actual.text == expected:
        return PASSED
    found = clean_text(actual.text, 300) if actual is not None and actual.type == "text" else None
    if found is None:
        found = seen.value.describe() if seen.value is not None else "missing"
    return Comparison(False, f"is {found}, should be {clean_text(expected, 300)}")


def _dropout(seen: Sighting) -> Comparison:
    return judge_forward(seen.expected, seen.actual)


def _dropout_backward(seen: Sighting) -> Comparison:
    return judge_backward(seen.expected, seen.actual)


def _unchanged(seen: Sighting) -> Comparison:
    original = seen.expected.values["original"]
    bad_form = check_form(seen.value, original)
    if bad_form is not None:
        return bad_form
    assert seen.value is not None
    assert seen.value.array is not None
    assert original.array is not None
    if np.array_equal(seen.value.array, original.array):
        return PASSED
    return Comparison(False, "was changed, and must stay as it was", "work on a copy, or without in-place operators")


def _raises(seen: Sighting) -> Comparison:
    wanted = seen.expected.params["errors"]
    raised = seen.value.text if seen.value is not None and seen.value.type == "text" else "nothing"
    shown = clean_text(raised, 60)  # a class may have any name
    return PASSED if raised in wanted else Comparison(False, f"raises {shown}, expected {' or '.join(wanted)}")


def _decreasing(seen: Sighting) -> Comparison:
    values = seen.value.array if seen.value is not None else None
    if values is None or values.ndim != 1 or values.size < 2 or not np.isfinite(values).all():
        return Comparison(False, "isn't a series of finite numbers")
    quarter = max(values.size // 4, 1)
    first, last = float(values[:quarter].mean()), float(values[-quarter:].mean())
    if last < float(seen.expected.params["factor"]) * first:
        return PASSED
    return Comparison(False, f"doesn't fall enough: {first:.4g} at first, {last:.4g} at last")


def _at_least(seen: Sighting) -> Comparison:
    number, bound = seen.number(), float(seen.expected.params["bound"])
    if number is None:
        return Comparison(False, "isn't a finite number")
    return PASSED if number >= bound else Comparison(False, f"is {number:.4g}, at least {bound:g} is asked for")


def _at_most_times(seen: Sighting) -> Comparison:
    number, bound = seen.number(), float(seen.expected.params["times"])
    if number is None:
        return Comparison(False, "isn't a finite number")
    if number <= bound:
        return PASSED
    return Comparison(False, f"takes {number:.3g} times as long as the yardstick; at most {bound:g} times is asked for")


@dataclass(frozen=True)
class Kind:
    """The rules for checks of one kind."""

    judge: Callable[[Sighting], Comparison]
    given: tuple[str, ...] = ()
    """Roles of values that the test gives to the check; for a variant, too, the reference's values are used."""
    sealed: bool = True
    """False if the value is the submission's own claim, which the judge can neither recompute nor compare."""


KINDS: Mapping[str, Kind] = {
    "equal": Kind(_equal, given=("published",)),
    "structure": Kind(_structure),
    "dropout": Kind(_dropout, given=("x",)),
    "dropout_backward": Kind(_dropout_backward, given=("x", "delta")),
    "unchanged": Kind(_unchanged, given=("original",)),
    "raises": Kind(_raises),
    "decreasing": Kind(_decreasing, sealed=False),
    "at_least": Kind(_at_least, sealed=False),
    "at_most_times": Kind(_at_most_times, sealed=False),
}
