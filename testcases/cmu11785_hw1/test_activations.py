"""Sigmoid, Tanh and ReLU, each alone. No input is exactly 0: there ReLU has two right derivatives."""

import numpy as np
import pytest

from grader.testing import number, visibility, weight

NAMES = ["Sigmoid", "Tanh", "ReLU"]


def make(submission, name):
    return getattr(submission.activation, name)()


@weight(3)
@number("2.1")
@pytest.mark.parametrize("name", NAMES)
def test_forward(submission, rng, check, name):
    """Activation.forward, and the state that it leaves"""
    layer = make(submission, name)
    x = rng.normal(size=(4, 7))
    check("forward(x)", layer.forward(x.copy()), points=0.5)
    check("state", layer.state, points=0.5)


@weight(3)
@number("2.2")
@pytest.mark.parametrize("name", NAMES)
def test_derivative(submission, rng, check, name):
    """Activation.derivative after a forward pass"""
    layer = make(submission, name)
    layer.forward(rng.normal(size=(4, 7)))
    check("derivative()", layer.derivative())


@weight(3)
@number("2.3")
@visibility("hidden")
@pytest.mark.parametrize("name", NAMES)
def test_call(submission, rng, check, name):
    """Calling an activation is a forward pass, also for one sample and for large values"""
    layer = make(submission, name)
    check("layer(x), 13 samples", layer(rng.normal(scale=4, size=(13, 5))))
    check("layer(x), one sample", layer(rng.normal(size=(1, 8))))


@weight(1.5)
@number("2.4")
@visibility("hidden")
@pytest.mark.parametrize("name", NAMES)
def test_derivative_of_other_sizes(submission, rng, check, name):
    """Activation.derivative for another batch size and for large values"""
    layer = make(submission, name)
    layer(rng.normal(scale=3, size=(11, 6)))
    check("derivative()", layer.derivative())


@weight(1.5)
@number("2.5")
@visibility("hidden")
@pytest.mark.parametrize("name", NAMES)
def test_derivative_of_last_call(submission, rng, check, name):
    """Activation.derivative belongs to the last forward pass of this layer, whatever other layers do"""
    layer, other = make(submission, name), make(submission, name)
    layer(rng.normal(size=(6, 2)))
    layer(rng.normal(size=(3, 9)))
    other(rng.normal(size=(3, 9)))
    check("derivative()", layer.derivative())


@weight(0)
@number("2.6")
def test_huge_values(submission, check):
    """Remark, no points: inputs of ±800 give neither nan nor inf, in Tanh and in Sigmoid"""
    x = np.array([[-800.0, -3.0, 0.5, 800.0]])
    for name in ("Tanh", "Sigmoid"):
        layer = make(submission, name)
        with np.errstate(all="ignore"):
            check(f"{name}.forward(x)", layer.forward(x.copy()))
            check(f"{name}.derivative()", layer.derivative())
