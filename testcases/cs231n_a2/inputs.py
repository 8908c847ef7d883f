"""What the tests feed to layers and update rules. A hand-in is only given copies, because it may work in place."""

import numpy as np


def layers(submission):
    """The hand-in's layers."""
    return submission("cs231n.layers")


def optim(submission):
    """The hand-in's update rules."""
    return submission("cs231n.optim")


def spread(rng, *shape):
    """Numbers whose mean and deviation differ from column to column; so large that eps = 1e-5 hardly matters."""
    columns = shape[-1]
    return rng.uniform(-3, 3, size=columns) + rng.uniform(2, 4, size=columns) * rng.normal(size=shape)


def coarse(rng, *shape):
    """Quarters from -2 to 2 without 0, which would say nothing about a mask; few values keep the fixtures small."""
    return rng.randint(1, 9, size=shape) * rng.choice([-1, 1], size=shape) / 4


def distinct(rng, *shape):
    """Numbers of which no two are equal: where two are, a maximum has no one gradient."""
    return (rng.permutation(np.prod(shape)).reshape(shape) - np.prod(shape) / 3) / 8


def flat(value):
    """An array as a vector: gradients of gamma and moving averages are written as (C,), (1, C) and (1, C, 1, 1)."""
    return value.ravel() if isinstance(value, np.ndarray) else value


def kept(value):
    """A returned array as it is now; anything else as it is, so that the check can say what it is."""
    return value.copy() if isinstance(value, np.ndarray) else value


def moved(value, start):
    """value - start; the value itself where a difference of the two makes no sense, so that its shape is reported."""
    return value - start if isinstance(value, np.ndarray) and value.shape == start.shape else value


def steps(rule, w, gradients, config=None):
    """Yield (move, config) after each step of an update rule; the config that a step returns is given to the next.

    What is compared is how far the weights moved: a move is small beside a weight, and a mistake would drown in it.
    """
    start = w
    for dw in gradients:
        w, config = rule(w.copy(), dw.copy(), config)
        w = kept(w)
        yield moved(w, start), config
