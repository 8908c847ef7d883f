"""What several test files make. Whatever a submission is given is a copy, because it may work in place."""

from itertools import pairwise

import numpy as np


def kept(value):
    """A returned array as it is now; anything else as it is, so that the check can say what it is."""
    return value.copy() if isinstance(value, np.ndarray) else value


def moved(value, start):
    """value - start; the value itself where a difference of the two makes no sense, so that its shape is reported."""
    return value - start if isinstance(value, np.ndarray) and value.shape == start.shape else value


def positive(rng, shape):
    """Sixteen different positive numbers in random places: a dropout that is seen in them needs little room on disk."""
    return rng.randint(1, 17, size=shape) / 8.0


def copies(arrays):
    """A dict with copies of a dict's arrays."""
    return {name: kept(value) for name, value in arrays.items()}


def net_params(rng, dims, scale=0.5):
    """Parameters for a net of these sizes. No bias is zero: a regulariser that takes them in must show."""
    params = {}
    for index, (before, after) in enumerate(pairwise(dims), start=1):
        params[f"W{index}"] = scale * rng.normal(size=(before, after))
        params[f"b{index}"] = scale * rng.normal(size=after)
    return params


def blobs(rng, features, classes, count):
    """A made data set: points around a centre for each class, in rows, and their classes."""
    y = rng.randint(classes, size=count)
    return 1.5 * rng.normal(size=(classes, features))[y] + rng.normal(size=(count, features)), y


def as_float(value):
    """A loss as Python's float, whether it is a number or an array of one element."""
    return value.item() if isinstance(value, np.ndarray) and value.size == 1 else float(value)
