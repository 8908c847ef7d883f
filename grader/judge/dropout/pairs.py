"""Chooses pairs of a mask's elements and counts how many of them agree.

A mask that is copied, moved or mirrored agrees with itself along one of these families:

    lines       along one axis, at every distance, without wrapping around
    slices      every two rows (columns, channels, time steps ...) as wholes, element by element
    moves       every cyclic shift of the array: each axis wraps around
    mirrors     every cyclic mirror image, of one axis or of all, shifted along the axes that aren't mirrored
    transposed  an axis swapped with another one of the same length
    orders      the elements in one row, in C order, in Fortran order, and sorted by the input: every distance, every
                centre of a mirror, and every distance on a circle

Let v = 1 for kept elements, −1 for dropped ones and 0 for those whose input shows neither. The agreements minus the
disagreements of a family are a correlation of v with itself, and its number of pairs is one of |v|. An FFT computes all
laws of a family at once.

A map of the elements that is its own inverse makes disjoint pairs. Any other move or mirror joins each element with its
image and its preimage, which makes cycles of three elements or more. `laws` has the bound of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from grader.judge.dropout.laws import Array, Form, Mask

SMALLEST_SLICE = 40
"""Two slices of fewer elements may agree by chance, whatever the probability to keep."""


@dataclass(frozen=True)
class Family:
    """Laws of one kind, which are judged in the same way."""

    form: Form
    pairs: Array
    """The number of pairs of each law; shape (laws,)."""
    agreed: Array
    """The number of pairs that agree in each mask; shape (masks, laws)."""
    name: Callable[[int], str]
    """Returns the name of the elements that a law compares: `rows 3 and 7`."""
    constant: int | None = None
    """The axis along which the first law compares neighbours, if it does."""
    from_input: bool = False
    """Whether the elements are sorted by the input's values."""


def families(kept: Mask, known: Mask, x: Array) -> Iterator[Family]:
    """Yield every family for masks of shape (masks, *shape); `known` and the input x have the shape itself."""
    known = np.squeeze(known)
    kept = kept.reshape(-1, *known.shape)
    axes = [axis for axis, size in enumerate(x.shape) if size > 1]
    v = np.where(kept, 1.0, -1.0) * known
    weight = known.astype(float)
    for axis in range(known.ndim):
        yield _lines(v, weight, axis, axes[axis])
        slices = _slices(v, weight, axis, axes[axis])
        if slices is not None:
            yield slices
    yield from _torus(v, weight, axes)
    yield from _transposed(v, weight, axes)
    yield from _orders(v, weight, x.reshape(known.shape))


def crossed(first: Mask, others: Mask, known: Mask) -> Iterator[Family]:
    """Yield the moves and mirror images of one mask in others, of shape (masks, *shape): always disjoint pairs."""
    known = np.squeeze(known)
    one, v = (np.where(mask.reshape(-1, *known.shape), 1.0, -1.0) * known for mask in (first, others))
    transforms, weight = (_transform(one), _transform(v)), _transform(known[None].astype(float))
    for flipped in _flips(known.ndim):
        sums = _correlate(*transforms, flipped, known.shape).reshape(len(v), -1)
        pairs = _correlate(weight, weight, flipped, known.shape).reshape(-1)
        yield Family("pairs", pairs, (sums + pairs) / 2, lambda _: "elements that belong together if it is moved")


def _flips(ndim: int) -> list[tuple[int, ...]]:
    """The sets of mirrored axes: none, each single one, all."""
    single = [(axis,) for axis in range(ndim)]
    return [(), *single] + ([tuple(range(ndim))] if ndim > 1 else [])


def _transform(v: Array) -> Array:
    """The Fourier transform of each array in v, of shape (masks, *shape); the last axis holds its first half."""
    return np.asarray(np.fft.rfftn(v, axes=tuple(range(1, v.ndim))))


def _correlate(one: Array, other: Array, flipped: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Return, at index t, the sum over i of a[i] · b[j], j being t − i along flipped axes, else i + t.

    Args:
        one: the transform of a, of the shape of `_transform`'s result.
        other: the transform of b.
        flipped: the axes of a that are flipped.
        shape: of a.
    """
    last = len(shape) - 1
    # reversing an axis negates its frequency; reversing all axes gives the complex conjugate, because a is real
    turned = set(range(len(shape))) - set(flipped)
    conjugate = last in turned
    for axis in set(flipped) if conjugate else turned:
        one = np.roll(np.flip(one, axis + 1), 1, axis + 1)
    product = other * (one.conj() if conjugate else one)
    return np.rint(np.fft.irfftn(product, shape, axes=tuple(range(1, last + 2))))


def _torus(v: Array, weight: Array, axes: list[int]) -> Iterator[Family]:
    shape = weight.shape
    spectrum, known = _transform(v), _transform(weight[None])
    for flipped in _flips(weight.ndim):
        sums = _correlate(spectrum, spectrum, flipped, shape).reshape(len(v), -1)
        pairs = _correlate(known, known, flipped, shape).reshape(-1)
        fixed = _fixed(weight, flipped).reshape(-1)
        # a map that is its own inverse counts each pair from both of its ends
        own_inverse = np.ones(shape, dtype=bool)
        for axis in set(range(weight.ndim)) - set(flipped):
            sizes = [-1 if other == axis else 1 for other in range(weight.ndim)]
            own_inverse &= (2 * np.arange(shape[axis]) % shape[axis] == 0).reshape(sizes)
        sorts: list[tuple[Form, int, Array]] = [("pairs", 2, own_inverse.reshape(-1))]
        sorts.append(("rings", 1, ~own_inverse.reshape(-1)))
        for form, times, chosen in sorts:
            places = np.flatnonzero(chosen)
            if places.size:
                count, total = (pairs - fixed)[places] / times, (sums - fixed)[:, places] / times
                yield Family(form, count, (total + count) / 2, partial(_moved, places, shape, flipped, axes))


def _moved(places: Array, shape: tuple[int, ...], flipped: tuple[int, ...], axes: list[int], law: int) -> str:
    where = np.unravel_index(places[law], shape)
    steps = [f"{int(where[i])} along axis {axes[i]}" for i in range(len(axes)) if i not in flipped and where[i]]
    mirrors = [f"mirrored along axis {axes[i]}" for i in flipped]
    return "elements and those " + " and ".join(mirrors + ([f"moved by {', '.join(steps)}"] if steps else []))


def _fixed(weight: Array, flipped: tuple[int, ...]) -> Array:
    """The number of known elements that each map of `_correlate` maps to themselves."""
    fixed = np.zeros(weight.shape)
    index = np.indices(weight.shape).reshape(weight.ndim, -1)
    to = [2 * index[axis] % weight.shape[axis] if axis in flipped else 0 * index[axis] for axis in range(weight.ndim)]
    np.add.at(fixed, tuple(to), weight.reshape(-1))
    return fixed


def _lines(v: Array, weight: Array, axis: int, shown: int) -> Family:
    size = weight.shape[axis]
    other = tuple(i for i in range(1, v.ndim) if i != axis + 1)

    def lagged(array: Array) -> Array:
        power = np.abs(np.fft.rfft(array, 2 * size, axis=axis + 1)) ** 2
        return np.rint(np.fft.irfft(power.sum(other), 2 * size, axis=1)[:, 1:size])

    pairs = lagged(weight[None])[0]
    agreed = (lagged(v) + pairs) / 2
    return Family("chains", pairs, agreed, lambda index: f"elements {index + 1} apart along axis {shown}", axis)


def _slices(v: Array, weight: Array, axis: int, shown: int) -> Family | None:
    size = weight.shape[axis]
    if weight.size // size < SMALLEST_SLICE:
        return None
    # float32 is exact for whole numbers up to 2**24, and twice as fast
    flat = np.moveaxis(v, axis + 1, 1).reshape(len(v), size, -1).astype(np.float32)
    known = np.moveaxis(weight, axis, 0).reshape(size, -1).astype(np.float32)
    first, second = np.triu_indices(size, 1)
    pairs = (known @ known.T)[first, second].astype(float)
    sums = (flat @ flat.transpose(0, 2, 1))[:, first, second]
    return Family(
        "pairs",
        pairs,
        (sums + pairs) / 2,
        lambda index: f"the elements at {first[index]} and at {second[index]} along axis {shown}",
    )


def _transposed(v: Array, weight: Array, axes: list[int]) -> Iterator[Family]:
    for one, two in combinations(range(weight.ndim), 2):
        if weight.shape[one] != weight.shape[two]:
            continue
        for signs in (1, -1):  # mirrored at the main diagonal, and at the other one
            image = np.flip(np.swapaxes(v, one + 1, two + 1), (one + 1, two + 1)[: 1 - signs])
            known = np.flip(np.swapaxes(weight, one, two), (one, two)[: 1 - signs])
            index = np.indices(weight.shape)[[one, two]]
            rows, columns = index if signs == 1 else (index[0], weight.shape[one] - 1 - index[1])
            upper = rows < columns
            pairs = np.array([(weight * known)[upper].sum()])
            sums = (v * image)[:, upper].sum(1, keepdims=True)
            words = f"elements and those with axes {axes[one]} and {axes[two]} exchanged"
            yield Family("pairs", pairs, (sums + pairs) / 2, partial(_always, words))


def _always(words: str, _: int) -> str:
    return words


def _orders(v: Array, weight: Array, x: Array) -> Iterator[Family]:
    flat, known = v.reshape(len(v), -1), weight.reshape(-1)
    count = known.size
    plain = np.arange(count)
    orders = {
        "in C order": plain,
        "in Fortran order": plain.reshape(weight.shape).reshape(-1, order="F"),
        "in the order of the input's values": np.argsort(x.reshape(-1), kind="stable"),
        "in the order of the input's absolute values": np.argsort(np.abs(x).reshape(-1), kind="stable"),
    }
    seen: list[Array] = []
    for words, order in orders.items():
        if any(np.array_equal(order, other) for other in seen):
            continue
        seen.append(order)
        yield from _sequence(flat[:, order], known[order], words, from_input="input" in words)


def _sequence(v: Array, known: Array, words: str, *, from_input: bool) -> Iterator[Family]:
    count = known.size
    # a length for which an FFT is fast, and long enough that no lag wraps around
    length = min(odd << (-(-(2 * count - 1) // odd) - 1).bit_length() for odd in (1, 3, 5, 15))
    spectrum, spectrum_known = np.fft.rfft(v, length), np.fft.rfft(known, length)

    def back(product: Array, stop: int) -> Array:
        return np.rint(np.fft.irfft(product, length)[..., :stop])

    lagged, pairs = back(np.abs(spectrum) ** 2, count), back(np.abs(spectrum_known) ** 2, count)
    agreed = (lagged + pairs) / 2
    yield Family("chains", pairs[1:], agreed[:, 1:], lambda i: f"elements {i + 1} apart {words}", None, from_input)
    here, back_there = slice(1, (count + 1) // 2), slice(count - 1, count // 2, -1)
    around, agreed = pairs[here] + pairs[back_there], agreed[:, here] + agreed[:, back_there]
    yield Family("rings", around, agreed, lambda i: f"elements {i + 1} apart on a circle, {words}", None, from_input)
    fixed = np.zeros(2 * count - 1)
    fixed[::2] = known
    image = (back(spectrum**2, 2 * count - 1) - fixed) / 2
    pairs = (back(spectrum_known**2, 2 * count - 1) - fixed) / 2
    agreed = (image + pairs) / 2
    yield Family("pairs", pairs, agreed, lambda i: f"elements mirrored at place {i / 2:g} {words}", None, from_input)
