"""Equal recordings are judged once, and recordings that differ in anything that counts are not equal."""

import numpy as np
import pytest

from grader.judge.memo import ENTRIES, Memo
from grader.judge.settle import Judged
from grader.recording import Observation, Recording, Value

ARRAY = np.arange(6, dtype=np.float64).reshape(2, 3)


def recording(array: object = ARRAY, name: str = "y", value: str = "value", type: str = "array") -> Recording:
    made = Value(type, "float64", np.asarray(array) if array is not None else None)
    return Recording("ok", observations=(Observation(name, "equal", {value: made}),))


def result() -> Judged:
    from synthetic_class import result as made

    return Judged(made())


def asked(*recordings: tuple[str, Recording]) -> int:
    """How many of these recordings are judged."""
    memo, count = Memo(), 0

    def judge() -> Judged:
        nonlocal count
        count += 1
        return result()

    for test, one in recordings:
        memo.judge(test, one, judge)
    return count


def test_equal_recordings_are_judged_once() -> None:
    slower = recording(ARRAY.copy())._replace(output="hello", seconds=3.0, memory_mb=9.0)
    assert asked(("a", recording()), ("a", recording()), ("a", slower)) == 1
    memo = Memo()
    memo.judge("a", recording(), result)
    again = memo.judge("a", slower, lambda: pytest.fail("it is known")).result
    assert (again.output, again.seconds, again.memory_mb) == ("hello", 3.0, 9.0)


@pytest.mark.parametrize(
    "other",
    [
        recording(ARRAY + 1e-12),
        recording(ARRAY.reshape(3, 2)),
        recording(ARRAY.astype(np.float32)),
        recording(None),
        recording(name="z"),
        recording(value="x"),
        recording(type="tensor"),
        recording()._replace(observations=recording().observations * 2),
        recording()._replace(ending="error"),
        recording()._replace(message="no"),
        recording()._replace(claimed_score=1.0),
    ],
)
def test_what_counts_is_told_apart(other: Recording) -> None:
    assert asked(("a", recording()), ("a", other)) == 2
    assert asked(("a", recording()), ("b", recording())) == 2


def test_signs_of_zero_and_kinds_of_nan_are_told_apart() -> None:
    assert asked(("a", recording(np.zeros(2))), ("a", recording(-np.zeros(2)))) == 2


def test_it_forgets_the_oldest() -> None:
    memo = Memo()
    for number in range(ENTRIES + 1):
        memo.judge(str(number), recording(), result)
    assert len(memo._results) == ENTRIES
