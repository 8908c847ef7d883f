"""The `check` that a test calls: it names a value and its kind of check.

A check only records values. The judge decides whether they are right when a submission is graded; the local checker
does it on a student's machine.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grader.recording import MOST_OUTPUTS, PLACE, Observation
from grader.testing.observe import observe
from grader.testing.structure import MOST_LEAVES, is_structure, leaves, outline

_KEPT_CALLS = (1, 2, 5, 11, 17, 19, 22, 24)
"""A sparse ruler: every whole number from 1 to 23 is the difference of two of them."""


class Recorder(Protocol):
    """Takes observations, in the order in which the test makes them."""

    def add(self, observation: Observation) -> None:
        """Keep, send or judge one observation."""


def seed_everything(seed: int) -> None:
    """Seed `random`, `numpy.random` and, if it is loaded, torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(seed)  # torch.manual_seed costs 1 ms more for accelerators


class Check:
    """Names values for the judge. Each `points` argument is in points of the test."""

    def __init__(self, recorder: Recorder, *, given: bool, data: Path | None = None) -> None:
        """Send observations to `recorder`; with `given`, also a kind's other arguments and its parameters.

        `data` is the folder of the assignment's data files.
        """
        self._recorder = recorder
        self._data = data
        self._given = given
        self._names: set[str] = set()

    def _add(
        self,
        kind: str,
        name: str,
        observed: Mapping[str, object],
        given: Mapping[str, object] | None = None,
        **params: object,
    ) -> None:
        """Record one check. `given` and `params` are sent only in a run of the reference: the judge trusts no other."""
        __tracebackhide__ = True
        if name in self._names:
            raise ValueError(f"two checks of this test are named {name!r}; give each a name of its own")
        self._names.add(name)
        values = {role: observe(value) for role, value in observed.items() if value is not None or role == "actual"}
        if self._given:
            values |= {role: observe(value) for role, value in (given or {}).items()}
        kept = {key: value for key, value in params.items() if value is not None} if self._given else {}
        if self._given:
            kept[PLACE] = _caller()
        self._recorder.add(Observation(name, kind, values, kept))

    def __call__(
        self,
        name: str,
        value: object,
        *,
        points: float | None = None,
        rtol: float | None = None,
        atol: float | None = None,
        published: ArrayLike | None = None,
    ) -> None:
        """Compare `value` with the reference's value of this name.

        Args:
            name: unique in the test; students see it.
            value: an array, a tensor, a number, a text or None; or a list, a tuple or a dict of such values, of which
                each is compared with the reference's of its place or key. A list and a tuple are alike.
            points: the points of this check; without it, see the test's decorators. The values of a container share
                them.
            rtol: relative tolerance; the default depends on the reference's dtype.
            atol: absolute tolerance; the default depends on the reference's scale.
            published: the number that the course printed; the reference must agree with it when fixtures are made.
        """
        __tracebackhide__ = True
        if is_structure(value) and published is None:
            self._structure(name, value, points=points, rtol=rtol, atol=atol)
            return
        given = {} if published is None else {"published": np.asarray(published)}
        self._add("equal", name, {"actual": value}, given, points=points, rtol=rtol, atol=atol)

    def _structure(
        self, name: str, value: object, *, points: float | None, rtol: float | None, atol: float | None
    ) -> None:
        """Record what a container holds as a check of its own, and each value in it as one more."""
        __tracebackhide__ = True
        inside = list(islice(leaves(value), MOST_LEAVES + 1))
        if self._given and len(inside) > MOST_LEAVES:
            raise ValueError(
                f"check {name!r} has more than {MOST_LEAVES} values; name fewer, or make one array of them"
            )
        share = None
        if self._given and points is not None:
            from fractions import Fraction  # needed only in a record run

            share = str(Fraction(str(points)) / (1 + len(inside)))
        # in a grading also the type, so that a test of one array says of a tuple that it is a tuple
        observed = {"actual": outline(value) if self._given else value, "structure": outline(value)}
        self._add("structure", name, observed, points=share)
        for place, item in inside[:MOST_LEAVES]:
            self._add("equal", f"{name}{place}", {"actual": item}, points=share, rtol=rtol, atol=atol)

    def data(self, name: str) -> Path:
        """Return the path of a file in the assignment's folder `data/`: `check.data("train.npz")`.

        Files in `data/hidden/` are for hidden tests: `check.data("hidden/labels.npy")`.
        """
        __tracebackhide__ = True
        if self._data is None or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise FileNotFoundError(f"there is no data file {name!r}; name one relative to the folder data/")
        file = self._data / name
        if not file.is_file():
            hidden = "; only hidden tests have the files in data/hidden/" if name.startswith("hidden/") else ""
            if (self._data / "hidden" / name).is_file():
                hidden = f'; it is in data/hidden/: write check.data("hidden/{name}"), in a hidden test'
            raise FileNotFoundError(f"there is no data file {name!r} in data/ beside the tests{hidden}")
        return file

    @contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """Seed every generator that a student may draw from, for the calls inside the block."""
        seed_everything(seed)
        yield

    @staticmethod
    def calls(call: Callable[[], object]) -> list[object]:
        """Call `call` 24 times; return copies of the outputs of calls 1, 2, 5, 11, 17, 19, 22 and 24, in this order.

        For `check.dropout`: every distance from 1 to 23 occurs between two of these calls, so eight outputs show any
        mask that is repeated after 1 to 23 calls.
        """
        __tracebackhide__ = True
        outputs = (_copied(call()) for _ in range(max(_KEPT_CALLS)))
        return [output for number, output in enumerate(outputs, 1) if number in _KEPT_CALLS]

    def dropout(
        self,
        name: str,
        value: object,
        *,
        x: object,
        keep: float | None,
        again: object = None,
        other: object = None,
        repeat: object = None,
        sampler: str | None = None,
        strict: bool | None = False,
        points: float | None = None,
    ) -> None:
        """Judge the output of dropout in training by its properties; any correct way to draw the mask passes.

        Args:
            name: unique in the test.
            value: the layer's output, of x's shape.
            x: the output without dropout and without scaling; zeros in it give no information about the mask.
            keep: the probability that an element is kept. With None, some elements must be dropped and the others
                scaled by one constant, and no two outputs may have the same mask; use it in a test of something else,
                so that a layer that never drops earns no points there.
            again: the output of another call on the same input, or a list of several (see `calls`): all masks must
                differ. At most twelve outputs in all.
            other: the output of another instance of the layer, or a list of several.
            repeat: the output of a call after the same seed, which must be equal. Only if the course promises a seed.
            sampler: the random function that the handout names, for the message of the strict mode.
            strict: demand the reference's exact mask.
            points: the points of this check.
        """
        __tracebackhide__ = True
        observed = {"actual": value} | _numbered("again", again) | _numbered("other", other)
        if len(observed) > MOST_OUTPUTS:
            if self._given:
                raise ValueError(f"check {name!r} has {len(observed)} outputs; give it {MOST_OUTPUTS} at most")
            # in a grading run the submission caused it by returning a list; the judge reports that
            observed = dict(list(observed.items())[:MOST_OUTPUTS])
        self._add(
            "dropout",
            name,
            observed | {"repeat": repeat},
            {"x": x},
            keep=keep,
            sampler=sampler,
            strict=strict or None,
            points=points,
        )

    def dropout_backward(
        self,
        name: str,
        value: object,
        *,
        y: object,
        x: object,
        delta: object,
        keep: float | None,
        points: float | None = None,
    ) -> None:
        """Judge dropout's gradient: scaled `delta` at kept elements, zero at dropped ones.

        The factor is the reference's, or an accepted variant's. A wrong forward pass doesn't fail this check, if it
        keeps some elements and drops others.

        Args:
            name: unique in the test.
            value: the result of backward for `delta`.
            y: the result of the forward pass for `x`; its zeros are the mask.
            x: the dropout's input in that forward pass, for example the output of a ReLU.
            delta: the gradient that was passed to backward.
            keep: the probability that an element is kept, for the hint.
            points: the points of this check.
        """
        __tracebackhide__ = True
        given = {"x": x, "delta": delta}
        self._add("dropout_backward", name, {"actual": value, "y": y}, given, keep=keep, points=points)

    def unchanged(self, name: str, value: object, *, original: object, points: float | None = None) -> None:
        """Demand that `value`, read after a call, equals `original`, a copy from before the call."""
        __tracebackhide__ = True
        self._add("unchanged", name, {"actual": value}, {"original": original}, points=points)

    @contextmanager
    def raises(self, name: str, *errors: type[Exception], points: float | None = None) -> Iterator[None]:
        """Demand that the block raises one of `errors`."""
        __tracebackhide__ = True
        raised = "no exception"
        try:
            yield
        except errors as error:
            # record the class from `errors`, not a subclass, because both are right
            raised = next(kind.__name__ for kind in errors if isinstance(error, kind))
        except NotImplementedError:
            raise
        except Exception as error:
            raised = type(error).__name__
        self._add("raises", name, {"actual": raised}, errors=[kind.__name__ for kind in errors], points=points)

    def decreasing(
        self, name: str, values: Sequence[float] | NDArray[Any], *, factor: float = 1.0, points: float | None = None
    ) -> None:
        """Demand finite `values`, whose last quarter has a mean below `factor` × the mean of the first quarter."""
        __tracebackhide__ = True
        losses = np.asarray([float(value) for value in values])
        self._add("decreasing", name, {"actual": losses}, factor=factor, points=points)

    def at_least(self, name: str, value: object, bound: float, *, points: float | None = None) -> None:
        """Demand a number of at least `bound`. Not sealed, because the number is the submission's own claim."""
        __tracebackhide__ = True
        self._add("at_least", name, {"actual": value}, bound=bound, points=points)

    def at_most_times(
        self,
        name: str,
        call: Callable[[], object],
        yardstick: Callable[[], object],
        times: float,
        *,
        points: float | None = None,
    ) -> None:
        """Demand that `call` takes at most `times` as long as `yardstick`, each the best of five. Not sealed."""
        __tracebackhide__ = True
        profiler = sys.getprofile()
        sys.setprofile(None)  # it would slow Python code more than a library's
        try:
            # in turn, so that a load on the machine that comes or goes meanwhile slows both alike
            pairs = [(_seconds(call), _seconds(yardstick)) for _ in range(5)]
        finally:
            sys.setprofile(profiler)
        ratio = min(taken for taken, _ in pairs) / max(min(measure for _, measure in pairs), 1e-9)
        self._add("at_most_times", name, {"actual": ratio}, times=times, points=points)


def _caller() -> list[object]:
    """The file and the line of the test that called a check, for a message to the test's author."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename in (__file__, contextlib.__file__):
        frame = frame.f_back
    return [Path(frame.f_code.co_filename).name, frame.f_lineno]


def _copied(value: object) -> object:
    """A copy of an output, because a layer may return the same memory in its next call."""
    if isinstance(value, np.ndarray):
        return value.copy()
    torch = sys.modules.get("torch")
    return value.detach().clone() if torch is not None and isinstance(value, torch.Tensor) else value


def _numbered(role: str, outputs: object) -> dict[str, object]:
    """Roles for one output or for a list or tuple of outputs: `again`, `again 2`, ..."""
    several = outputs if isinstance(outputs, list | tuple) else [] if outputs is None else [outputs]
    return {role if number == 1 else f"{role} {number}": output for number, output in enumerate(several, 1)}


def _seconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start
