"""The fully connected layer, alone. W and b are what the test's initialisers return."""

import pytest
from own_nets import initialisers

from grader.testing import number, visibility, weight

SIZES = [(5, 3, 4), (2, 7, 3)]
"""Batch, inputs, outputs."""
NAMES = ["5 samples", "2 samples"]


def make_layer(submission, rng, inputs, outputs):
    return submission.linear.Linear(inputs, outputs, *initialisers(rng))


@weight(1)
@number("5.1")
@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_forward(submission, rng, check, size):
    """Linear.forward"""
    batch, inputs, outputs = size
    layer = make_layer(submission, rng, inputs, outputs)
    check("forward(x)", layer.forward(rng.normal(size=(batch, inputs))))


@weight(1)
@number("5.2")
@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_backward(submission, rng, check, size):
    """Linear.backward: dW and db are means over the batch, what it returns isn't"""
    batch, inputs, outputs = size
    layer = make_layer(submission, rng, inputs, outputs)
    layer.forward(rng.normal(size=(batch, inputs)))
    dx = layer.backward(rng.normal(size=(batch, outputs)))
    check("backward(delta)", dx, points=0.2)
    check("dW", layer.dW, points=0.2)
    check("db", layer.db, points=0.1)


@weight(1)
@number("5.3")
@visibility("hidden")
def test_call(submission, rng, check):
    """Calling a Linear is a forward pass, also for one sample and for many"""
    layer = make_layer(submission, rng, 6, 9)
    check("layer(x), one sample", layer(rng.normal(size=(1, 6))))
    check("layer(x), 17 samples", layer(rng.normal(size=(17, 6))))


@weight(0.5)
@number("5.4")
@visibility("hidden")
def test_backward_of_a_large_batch(submission, rng, check):
    """Linear.backward for more samples than neurons"""
    layer = make_layer(submission, rng, 4, 6)
    layer(rng.normal(size=(17, 4)))
    dx = layer.backward(rng.normal(size=(17, 6)))
    check("backward(delta)", dx, points=0.2)
    check("dW", layer.dW, points=0.2)
    check("db", layer.db, points=0.1)


@weight(0.5)
@number("5.5")
def test_backward_of_another_batch(submission, rng, check):
    """Linear.backward belongs to the last forward pass of this layer, whatever other layer was called since"""
    layer, other = make_layer(submission, rng, 5, 3), make_layer(submission, rng, 3, 8)
    layer(rng.normal(size=(4, 5)))
    other(layer(rng.normal(size=(7, 5))))
    dx = layer.backward(rng.normal(size=(7, 3)))
    check("backward(delta)", dx, points=0.2)
    check("dW", layer.dW, points=0.2)
    check("db", layer.db, points=0.1)
