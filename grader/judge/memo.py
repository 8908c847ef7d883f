"""Judges each different recording of a class once.

A test's verdict follows from the fixtures and the recording's content alone, and right hand-ins leave equal
recordings. So do a hand-in's two runs of one test.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from grader.judge.settle import Judged
from grader.recording import Recording

ENTRIES = 5000
"""How many results are kept; each takes some kilobytes."""


class Memo:
    """Remembers results; one for each fixtures."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._results: OrderedDict[str, Judged] = OrderedDict()

    def judge(self, test: str, recording: Recording, judge: Callable[[], Judged]) -> Judged:
        """Return the result of a test's recording, from `judge` unless an equal recording was judged before."""
        key = _key(test, recording)
        known = self._results.get(key)
        if known is None:
            known = self._results[key] = judge()
            if len(self._results) > ENTRIES:
                self._results.popitem(last=False)
        else:
            self._results.move_to_end(key)
        # these are handed through, and don't count
        own = replace(known.result, output=recording.output, seconds=recording.seconds, memory_mb=recording.memory_mb)
        return replace(known, result=own)


def _key(test: str, recording: Recording) -> str:
    """A digest of all that a verdict depends on."""
    content = recording._replace(observations=(), output="", seconds=0.0, memory_mb=0.0)
    whole = hashlib.sha256(repr((test, content)).encode("utf-8", "surrogatepass"))
    for item in recording.observations:
        named = item._replace(values={})
        whole.update(repr((named, len(item.values))).encode("utf-8", "surrogatepass"))
        for name, value in item.values.items():
            array = value.array
            form = None if array is None else (array.dtype.str, array.shape, array.nbytes)
            whole.update(repr((name, value.type, value.dtype, form)).encode("utf-8", "surrogatepass"))
            if array is not None:
                whole.update(array.tobytes())
    return whole.hexdigest()
