"""Drives an optimiser, whichever it is, on arrays: a net is not needed to test one.

What is compared is how far the parameters moved, not where they are: a wrong epsilon would drown in them.
"""

import numpy as np
import pytest
from making import copies, kept, moved

LAYER = {"W": (3, 5), "b": (5,)}
MANY = {"W1": (4, 6), "b1": (6,), "W2": (6, 3), "b2": (3,)}
"""Names and shapes of parameters."""

EPSILONS = pytest.mark.parametrize(("options", "scale"), [({}, 1e-7), ({"eps": 2e-3}, 1e-3)], ids=["default", "2e-3"])
"""Gradients of this scale are about as large as epsilon, so that its place shows, and whether it can be chosen."""


def using(submission, name, lr, **options):
    """What makes the submission's optimiser of this name for a dict of parameters."""
    return lambda params: getattr(submission("nn.optim"), name)(params, lr, **options)


def check_steps(check, rng, make, shapes, steps, scale=1.0, every=False, grow=1.0):
    """Steps with changing gradients.

    Args:
        check: the test's.
        rng: draws the parameters and every gradient.
        make: makes the optimiser for a dict of parameters.
        shapes: name to shape.
        steps: how many.
        scale: of the first gradients.
        every: check after every step, not after the last alone.
        grow: a factor from one step's gradients to the next one's.
    """
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    start = copies(params)
    optimizer = make(params)
    moves = []
    for step in range(steps):
        optimizer.step({name: scale * grow**step * rng.normal(size=shape) for name, shape in shapes.items()})
        moves.append({name: moved(kept(params[name]), start[name]) for name in shapes})
    check_moves(check, moves, every)


def check_moves(check, moves, every):
    """How far each parameter is from where it started: after each step, or after the last alone."""
    for name, last in moves[-1].items():
        if not every:
            check(f"move of {name} after step {len(moves)}", last)
            continue
        # moves of different shapes can't be put together; the last one then says what is wrong
        same = all(np.shape(move[name]) == np.shape(last) for move in moves)
        series = np.array([move[name] for move in moves]) if same else last
        check(f"moves of {name}, one step after the other", series)


def check_zero_gradient(check, rng, make):
    """One parameter whose gradient is always zero, and one that has a gradient."""
    params = {"still": rng.normal(size=(3, 2)), "moving": rng.normal(size=5)}
    start = copies(params)
    optimizer = make(params)
    with np.errstate(all="ignore"):
        for _ in range(4):
            optimizer.step({"still": np.zeros((3, 2)), "moving": rng.normal(size=5)})
    for name in start:
        check(f"move of {name} after step 4", moved(kept(params[name]), start[name]))


def check_callable(check, rng, make, shapes, steps, gradient, every=False):
    """Steps of an optimiser that asks for the gradient at a point of its own.

    Args:
        check: the test's.
        rng: draws the parameters.
        make: makes the optimiser for a dict of parameters.
        shapes: name to shape.
        steps: how many.
        gradient: from one vector, of all parameters in the order of shapes, to its gradient.
        every: check after every step, not after the last alone.
    """
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    start = copies(params)
    cuts = np.cumsum([start[name].size for name in shapes])[:-1]

    def grad_fn(point):
        flat = gradient(np.concatenate([np.ravel(point[name]) for name in shapes]))
        return {name: part.reshape(shapes[name]) for name, part in zip(shapes, np.split(flat, cuts), strict=True)}

    optimizer = make(params)
    moves = []
    for _ in range(steps):
        optimizer.step(grad_fn)
        moves.append({name: moved(kept(params[name]), start[name]) for name in shapes})
    check_moves(check, moves, every)


STEEP = np.array([1.0, 50.0])
"""The curvatures of a long, narrow valley: its condition number is 50."""


def quadratic_path(make, start, steps, asks=False):
    """f(x) = ½ Σ curvature · x² after each of some steps.

    Args:
        make: makes the optimiser for a dict of parameters.
        start: x before the first step.
        steps: how many.
        asks: whether step wants the gradient as a function.
    """
    params = {"x": start.copy()}
    optimizer = make(params)
    values = []
    for _ in range(steps):
        optimizer.step((lambda point: {"x": STEEP * point["x"]}) if asks else {"x": STEEP * params["x"]})
        values.append(0.5 * float(np.sum(STEEP * np.square(params["x"]))))
    return np.array(values)


def check_quadratic(check, rng, make, asks=False):
    """The way down the valley from a drawn point, every tenth of 60 steps.

    Digits are compared, so that late and small values count as well.
    """
    start = rng.uniform([7.0, 0.7], [11.0, 1.4]) * rng.choice([-1.0, 1.0], size=2)
    values = quadratic_path(make, start, 60, asks)[9::10]
    with np.errstate(all="ignore"):
        check("log10 of f(x), every tenth step", np.log10(values))
