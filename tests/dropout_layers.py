"""Layers for testing the judge of dropout: their dropout is wrong, or right in an unusual way.

`make(rng, keep)` makes a layer, which is called with x; all layers of a run share the generator `rng`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Layer = Callable[[Array], Array]
Make = Callable[[np.random.RandomState, float], Layer]
Draw = Callable[[np.random.RandomState, Array, float], Array]


def fresh(draw: Draw) -> Make:
    """A layer that draws its mask by `draw(rng, x, keep)` in every call."""
    return lambda rng, keep: lambda x: x * draw(rng, x, keep) / keep


def plain(rng: np.random.RandomState, shape: tuple[int, ...], keep: float) -> Array:
    return np.asarray(rng.rand(*shape) < keep)


def one_for_all_of(axis: int) -> Draw:
    """One mask that serves the whole of an axis."""

    def draw(rng: np.random.RandomState, x: Array, keep: float) -> Array:
        shape = list(x.shape)
        shape[axis] = 1
        return plain(rng, tuple(shape), keep) + np.zeros(x.shape)

    return draw


def copied_half(axis: int, change: Callable[[Array], Array]) -> Draw:
    """The second half of an axis is the first one, changed; a last odd one is drawn."""

    def draw(rng: np.random.RandomState, x: Array, keep: float) -> Array:
        mask = np.moveaxis(plain(rng, x.shape, keep), axis, 0)
        half = len(mask) // 2
        mask[half : 2 * half] = change(mask[:half])
        return np.moveaxis(mask, 0, axis)

    return draw


def each_from_the_one_before(axis: int, change: Callable[[Array], Array], step: int = 2) -> Draw:
    """Along an axis, all but every `step`-th slice is the one before it, changed."""

    def draw(rng: np.random.RandomState, x: Array, keep: float) -> Array:
        mask = np.moveaxis(plain(rng, x.shape, keep), axis, 0)
        for index in range(len(mask)):
            if index % step:
                mask[index] = change(mask[index - 1])
        return np.moveaxis(mask, 0, axis)

    return draw


def mirrored(axis: int) -> Draw:
    """The mask is its own mirror image along an axis."""

    def draw(rng: np.random.RandomState, x: Array, keep: float) -> Array:
        mask = np.moveaxis(plain(rng, x.shape, keep), axis, 0)
        half = len(mask) // 2
        mask[len(mask) - half :] = mask[:half][::-1]
        return np.moveaxis(mask, 0, axis)

    return draw


def turned_by_half(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    flat = plain(rng, (x.size,), keep)
    half = x.size // 2
    flat[x.size - half :] = flat[:half][::-1]
    return flat.reshape(x.shape)


def repeated(period: Callable[[int], int], order: Any = "C") -> Draw:
    """A short mask, repeated over all elements in this order."""

    def draw(rng: np.random.RandomState, x: Array, keep: float) -> Array:
        return np.resize(plain(rng, (period(x.size),), keep), x.size).reshape(x.shape, order=order)

    return draw


def every_second_row(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return np.resize(plain(rng, (2, *x.shape[1:]), keep), x.shape)


def blocks(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    """One number for each two by two elements of the last two axes."""
    mask = plain(rng, (*x.shape[:-2], *(-(-size // 2) for size in x.shape[-2:])), keep)
    large = np.repeat(np.repeat(mask, 2, axis=-1), 2, axis=-2)
    return large[..., : x.shape[-2], : x.shape[-1]]


def moved_rows(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    """One row, moved by another 3 places in each further row."""
    row = plain(rng, (x[0].size,), keep)
    return np.stack([np.roll(row, 3 * index) for index in range(len(x))]).reshape(x.shape)


def by_size(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return np.asarray(np.abs(x) <= np.quantile(np.abs(x), keep))


def by_hash_of_elements(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    """Another function of the element's value in every call."""
    return np.asarray(np.abs(np.sin(x * 12.9898 + rng.rand()) * 43758.5453) % 1 < keep)


def exactly(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return (rng.permutation(x.size) < round(keep * x.size)).reshape(x.shape)


def exactly_in_each_row(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    size = x[0].size
    return np.stack([rng.permutation(size) < round(keep * size) for _ in x]).reshape(x.shape)


def in_turn(period: int) -> Make:
    """So many masks, one after the other."""

    def make(rng: np.random.RandomState, keep: float) -> Layer:
        masks: list[Array] = []
        calls = 0

        def layer(x: Array) -> Array:
            nonlocal calls
            if len(masks) < period:
                masks.append(plain(rng, x.shape, keep))
            calls += 1
            return np.asarray(x * masks[(calls - 1) % period] / keep)

        return layer

    return make


def seeded(seed: Callable[[int, Array], int]) -> Make:
    """Seeds a generator of its own in every call, by the number of the call and the input."""

    def make(rng: np.random.RandomState, keep: float) -> Layer:
        calls = 0

        def layer(x: Array) -> Array:
            nonlocal calls
            calls += 1
            return np.asarray(x * plain(np.random.RandomState(seed(calls, x)), x.shape, keep) / keep)

        return layer

    return make


def drops_in_first(passes: int) -> Make:
    """Drops in its first passes only."""

    def make(rng: np.random.RandomState, keep: float) -> Layer:
        calls = 0

        def layer(x: Array) -> Array:
            nonlocal calls
            calls += 1
            return np.asarray(x * plain(rng, x.shape, keep) / keep) if calls <= passes else x.copy()

        return layer

    return make


def first_mask_changed(change: Callable[[Array, int], Array]) -> Make:
    """Every later mask is the first one, moved or mirrored."""

    def make(rng: np.random.RandomState, keep: float) -> Layer:
        masks: list[Array] = []

        def layer(x: Array) -> Array:
            masks.append(change(masks[0], len(masks)) if masks else plain(rng, x.shape, keep))
            return np.asarray(x * masks[-1] / keep)

        return layer

    return make


def _seed_of(x: Array) -> int:
    return int(np.abs(x).sum() * 1000) % 2**32


AXES = ("first", "second", "third", "last")


def _axis(name: str) -> int:
    return {"first": 0, "second": 1, "third": 2, "last": -1}[name]


WRONG: Mapping[str, Make] = {
    **{f"one mask for all of the {axis} axis": fresh(one_for_all_of(_axis(axis))) for axis in AXES},
    **{f"half of the {axis} axis copied": fresh(copied_half(_axis(axis), np.copy)) for axis in AXES},
    **{f"half of the {axis} axis mirrored": fresh(copied_half(_axis(axis), lambda half: half[::-1])) for axis in AXES},
    **{
        f"half of the {axis} axis moved": fresh(copied_half(_axis(axis), lambda half: np.roll(half, 2, axis=-1)))
        for axis in ("first", "second")
    },
    **{f"mirrored along the {axis} axis": fresh(mirrored(_axis(axis))) for axis in AXES},
    "one row twice": fresh(each_from_the_one_before(0, np.copy)),
    "one channel twice": fresh(each_from_the_one_before(1, np.copy)),
    "each row the mirrored one before": fresh(each_from_the_one_before(0, lambda row: np.flip(row, -1))),
    "each row the moved one before": fresh(each_from_the_one_before(0, lambda row: np.roll(row, 5, axis=-1), 1000)),
    "blocks of two by two": fresh(blocks),
    "one row moved on": fresh(moved_rows),
    "rows i and i + 2": fresh(every_second_row),
    "turned by half": fresh(turned_by_half),
    "a seventh of the mask repeated": fresh(repeated(lambda n: n // 7)),
    "a third and a bit of the mask repeated": fresh(repeated(lambda n: n // 3 + 2)),
    "a seventh repeated in Fortran order": fresh(repeated(lambda n: n // 7, "F")),
    "period four in the mask": fresh(repeated(lambda n: 4)),
    "by the size of x": fresh(by_size),
    "by a hash of each element": fresh(by_hash_of_elements),
    "exactly k": fresh(exactly),
    "exactly k in each row": fresh(exactly_in_each_row),
    **{f"{period} masks in turn": in_turn(period) for period in (1, 2, 3, 4, 7, 14, 23)},
    "seed by the number of the call": seeded(lambda calls, x: calls),
    "seed by the number of the call, modulo four": seeded(lambda calls, x: calls % 4),
    "seed by x": seeded(lambda calls, x: _seed_of(x)),
    "seed by x and the number of the call": seeded(lambda calls, x: (_seed_of(x) + calls) % 2**32),
    **{f"drops in the first {passes} passes only": drops_in_first(passes) for passes in (1, 2, 5, 23)},
    "the first mask moved": first_mask_changed(lambda mask, calls: np.roll(mask, calls, axis=-1)),
    "the first mask moved along all elements": first_mask_changed(lambda mask, calls: np.roll(mask, 7 * calls)),
    "the first mask mirrored": first_mask_changed(lambda mask, calls: np.flip(mask, calls % mask.ndim)),
}


def transposed(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return np.asarray(plain(rng, x.shape[::-1], keep).T)


def element_by_element(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return np.array([rng.uniform() < keep for _ in range(x.size)]).reshape(x.shape)


def last_element_first(rng: np.random.RandomState, x: Array, keep: float) -> Array:
    return plain(rng, (x.size,), keep)[::-1].reshape(x.shape, order="F")


RIGHT: Mapping[str, Make] = {
    "for each sample": fresh(lambda rng, x, keep: np.stack([plain(rng, row.shape, keep) for row in x])),
    "for each column": fresh(
        lambda rng, x, keep: np.stack([plain(rng, x[..., 0].shape, keep) for _ in range(x.shape[-1])], axis=-1)
    ),
    "transposed": fresh(transposed),
    "element by element": fresh(element_by_element),
    "last element first": fresh(last_element_first),
    "binomial": fresh(lambda rng, x, keep: rng.binomial(1, keep, x.shape)),
    "the dropped": fresh(lambda rng, x, keep: rng.uniform(0, 1, x.shape) >= 1 - keep),
    "choice": fresh(lambda rng, x, keep: rng.choice([0.0, 1.0], size=x.shape, p=[1 - keep, keep])),
    "float32": fresh(lambda rng, x, keep: rng.binomial(1, keep, x.shape).astype(np.float32)),
    "geometric gaps": fresh(
        lambda rng, x, keep: np.isin(np.arange(x.size), np.cumsum(rng.geometric(keep, x.size)) - 1).reshape(x.shape)
    ),
    "a generator of its own": lambda rng, keep: _own(np.random.default_rng(rng.randint(2**31)), keep),
    "a larger mask cut down": fresh(lambda rng, x, keep: plain(rng, (x.size + 100,), keep)[: x.size].reshape(x.shape)),
}


def _own(generator: np.random.Generator, keep: float) -> Layer:
    return lambda x: np.asarray(x * (generator.random(x.shape) < keep) / keep)
