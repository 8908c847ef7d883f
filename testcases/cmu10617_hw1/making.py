"""What several test files make: layers with known parameters, arrays that compress well, small data sets.

Whatever a submission is given is a copy, because it may work in place; whatever it returns is copied before it is kept,
because it may be the array that the next step changes.
"""

from itertools import pairwise

import numpy as np


def random_weights(input, output):
    """The handout's random_weight_init."""
    bound = np.sqrt(6) / np.sqrt(input + output)
    return np.random.uniform(-bound, bound, (output, input))


def zero_biases(outd):
    """The handout's zeros_bias_init."""
    return np.zeros((outd, 1))


def give_helpers(module):
    """Put the handout's initialisers back where they were changed to do something else.

    They are given and not graded, and everything is built with them: a slip in one would cost most of the points.
    """
    stream = np.random.get_state()
    for name, given in (("random_weight_init", random_weights), ("zeros_bias_init", zero_biases)):
        sizes = (3, 2) if given is random_weights else (3,)
        try:
            found = getattr(module, name)(*sizes)
            right = np.shape(found) == given(*sizes).shape and np.asarray(found).dtype.kind == "f"
        except Exception:
            right = False
        if not right or (given is zero_biases and np.any(found)):
            setattr(module, name, given)
    np.random.set_state(stream)


def make_layer(submission, rng, indim, outdim, **options):
    """A LinearMap with parameters drawn from rng, and those parameters."""
    give_helpers(submission.mlp)
    layer = submission.mlp.LinearMap(indim, outdim, **options)
    W, b = rng.normal(size=(outdim, indim)), rng.normal(size=(outdim, 1))
    layer.loadparams(W.copy(), b.copy())
    return layer, W, b


def check_moves(check, layer, W, b, label):
    """Check how far the parameters are from where they started: a wrong step would drown in the weights themselves."""
    check(f"move of W {label}", moved(layer.getW(), W))
    check(f"move of b {label}", moved(as_column(layer.getb()), b))


def as_column(b):
    """A bias of shape (n,) as (n, 1): it has moved as far, and its shape is for the test of getb to say."""
    return b[:, None] if isinstance(b, np.ndarray) and b.ndim == 1 else b


def moved(value, start):
    """value - start; the value itself where a difference of the two makes no sense, so that its shape is reported."""
    return value - start if isinstance(value, np.ndarray) and value.shape == start.shape else value


def positive(rng, shape):
    """Sixteen different positive numbers in random places: a dropout that is seen in them needs little room on disk."""
    return rng.randint(1, 17, size=shape) / 8.0


def signed(rng, shape):
    """The same with both signs, and more of them positive; never 0, where two gradients of ReLU are taught."""
    return positive(rng, shape) * np.where(rng.uniform(size=shape) < 0.75, 1.0, -1.0)


def one_hot(rng, classes, batch):
    """Labels as the course passes them: bool, one example a column."""
    return np.arange(classes)[:, None] == rng.randint(classes, size=batch)


def draw_params(rng, dims):
    """Weights and biases for a net of these sizes, first layer first."""
    pairs = list(pairwise(dims))
    Ws = [rng.normal(size=(after, before)) / np.sqrt(before) for before, after in pairs]
    return Ws, [0.5 * rng.normal(size=(after, 1)) for _, after in pairs]


def draw_positive_params(rng, dims):
    """The same, but all positive: with a positive x, every hidden unit is on.

    For tests of something other than the ReLU: a net that computes its layers itself, and treats negative numbers in a
    wrong way, has lost points for that elsewhere.
    """
    Ws, bs = draw_params(rng, dims)
    return [np.abs(W) for W in Ws], [np.abs(b) for b in bs]


def kept(value):
    """A returned array as it is now; anything else as it is, so that the check can say what it is."""
    return value.copy() if isinstance(value, np.ndarray) else value


def copies(arrays):
    """Copies of a list of arrays, as a list."""
    return [np.array(array) for array in arrays]
