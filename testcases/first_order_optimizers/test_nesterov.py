"""Nesterov, on functions of arrays: step gets the gradient as a callable."""

import numpy as np
from driving import LAYER, check_callable, check_quadratic, using
from making import kept, moved

from grader.testing import number, visibility, weight


def valley(rng, size):
    """The gradient of a quadratic in which every parameter is coupled to every other."""
    root = rng.normal(size=(size, size)) / np.sqrt(size)
    matrix = root @ root.T + 0.1 * np.eye(size)
    lowest = rng.normal(size=size)
    return lambda x: matrix @ (x - lowest)


@weight(2)
@number("5.1")
def test_five_steps(submission, rng, check):
    """Five steps of Nesterov"""
    check_callable(check, rng, using(submission, "Nesterov", 0.1, rho=0.8), LAYER, 5, valley(rng, 20), every=True)


@weight(0.5)
@number("5.2")
def test_default(submission, rng, check):
    """Nesterov with rho = 0.9, the default"""
    check_callable(check, rng, using(submission, "Nesterov", 0.05), {"x": (6,)}, 4, valley(rng, 6))


@weight(0.75)
@number("5.3")
def test_quadratic(submission, rng, check):
    """Nesterov in a long, narrow valley"""
    check_quadratic(check, rng, using(submission, "Nesterov", 0.02, rho=0.7), asks=True)


@weight(1.25)
@number("5.4")
@visibility("hidden")
def test_coupled_parameters(submission, rng, check):
    """Nesterov looks ahead with all parameters at once"""
    shapes = {"W1": (2, 4), "b1": (4,), "W2": (4, 3)}
    check_callable(check, rng, using(submission, "Nesterov", 0.2, rho=0.6), shapes, 6, valley(rng, 24))


@weight(1.5)
@number("5.5")
@visibility("hidden")
def test_curved(submission, rng, check):
    """Nesterov on a function that is no quadratic"""
    shapes = {"x": (3, 4), "y": (2,)}
    check_callable(
        check, rng, using(submission, "Nesterov", 0.15, rho=0.9), shapes, 12, lambda x: 0.5 * x + np.sin(3 * x)
    )


@weight(0)
@number("5.6")
def test_params_stay_at_x(submission, rng, check):
    """Remark, no points: the gradient is asked for once a step, while params are still at x, not at the point ahead"""
    params = {"x": rng.normal(size=7)}
    start, seen = params["x"].copy(), []

    def grad_fn(point):
        seen[-1].append(moved(kept(params["x"]), start))
        return {"x": 2.0 * point["x"]}

    optimizer = using(submission, "Nesterov", 0.1, rho=0.8)(params)
    for _ in range(3):
        seen.append([])
        optimizer.step(grad_fn)
    check("calls of grad_fn in each of three steps", str([len(calls) for calls in seen]))
    check("move of x before the second step, as grad_fn finds it", seen[1][-1])
