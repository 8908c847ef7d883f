"""Recognises a known mistake in a recording: each check passes next to it, or fails exactly as the mistake itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from grader.judge.kinds import KINDS, Sighting
from grader.recording import Observation


def resembles(mistake: Sequence[Observation], observations: Sequence[Observation]) -> bool:
    """Whether observations show a known mistake: each check passes next to it, or fails exactly as the mistake itself.

    Some kinds judge by a rule, which a mistake breaks: it raises nothing, or its mask isn't random.
    """
    return Resemblance(observations).to(mistake)


class Resemblance:
    """Compares one test's observations with known mistakes; a check that several of them share is judged once."""

    def __init__(self, observations: Sequence[Observation], reference: Sequence[Observation] = ()) -> None:
        """Compare a recording's observations; those of the reference are needed for `refutes`."""
        self._actual = {item.name: item.values for item in observations}
        self._right = {item.name: _Shared(item) for item in reference if item.kind == "equal"}
        self._known: dict[_Shared, bool] = {}

    def to(self, mistake: Sequence[Observation]) -> bool:
        """Whether each check passes next to the mistake, or fails exactly as the mistake itself."""
        return all(self._same(_Shared(item)) for item in mistake)

    def refutes(self, mistake: Sequence[Observation]) -> bool:
        """Whether a value that the mistake makes wrong is another than the mistake's.

        A second mistake may make other values wrong. A mask is drawn, so another one says nothing.
        """
        equal = (_Shared(item) for item in mistake if item.kind == "equal" and item.name in self._right)
        return any(not self._same(shared) and _wrong(shared, self._right[shared.item.name]) for shared in equal)

    def _same(self, shared: _Shared) -> bool:
        if shared not in self._known:
            item, actual = shared.item, self._actual.get(shared.item.name)
            judge = KINDS[item.kind].judge
            if actual is None:  # the test didn't get there: two messages about no series would be the same
                self._known[shared] = False
                return False
            same = judge(Sighting(item, actual, False, explain=False)).passed
            if not same and item.kind != "equal" and (own := _own_failure(shared)):
                same = own == judge(Sighting(item, actual, False)).message
            self._known[shared] = same
        return self._known[shared]


class _Shared:
    """A check of a mistake. Fixtures hold an array once, so equal checks of several mistakes have the same arrays."""

    def __init__(self, item: Observation) -> None:
        self.item = item  # which keeps the arrays alive, and so their ids
        values = tuple((role, value.type, value.dtype, id(value.array)) for role, value in item.values.items())
        self._key = (item.name, item.kind, repr(item.params), values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shared) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=10_000)
def _wrong(mistake: _Shared, right: _Shared) -> bool:
    """Whether a mistake's value isn't the reference's. It is the same for every hand-in of a class."""
    return not KINDS[right.item.kind].judge(Sighting(right.item, mistake.item.values, False, explain=False)).passed


@lru_cache(maxsize=10_000)
def _own_failure(shared: _Shared) -> str:
    """The message about a mistake's own values; empty if they pass. It is the same for every hand-in of a class."""
    own = Sighting(shared.item, shared.item.values, False)
    judge = KINDS[shared.item.kind].judge
    return "" if judge(replace(own, explain=False)).passed else judge(own).message
