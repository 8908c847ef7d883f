"""The layers and the loss, each alone: a wrong layer doesn't fail the tests of the others."""

import numpy as np
import pytest

from grader.testing import number, visibility, weight


def linear(submission, rng, *, rows, columns):
    return submission.mlp.Linear(rng.normal(size=(rows, columns)), rng.normal(size=columns))


# sizes that all differ, so that a transpose is found
@weight(2)
@number("2.1")
def test_linear_forward(submission, rng, check):
    """Linear.forward"""
    check("y", linear(submission, rng, rows=5, columns=4).forward(rng.normal(size=(7, 5))))


@weight(3)
@number("2.2")
def test_linear_backward(submission, rng, check):
    """Linear.backward"""
    layer = linear(submission, rng, rows=6, columns=3)
    layer.forward(rng.normal(size=(8, 6)))
    check("dx", layer.backward(rng.normal(size=(8, 3))))
    check("dW", layer.dW)
    check("db", layer.db)


@weight(1)
@number("2.3")
def test_relu(submission, rng, check):
    """ReLU.forward and ReLU.backward"""
    layer = submission.mlp.ReLU()
    check("y", layer.forward(rng.normal(size=(6, 5))))
    check("dx", layer.backward(rng.normal(size=(6, 5))))


@weight(2)
@number("2.4")
def test_loss(submission, rng, check):
    """softmax_loss and its gradient"""
    loss, gradient = submission.mlp.softmax_loss(rng.normal(size=(9, 4)), rng.randint(4, size=9))
    check("loss", loss)
    check("gradient", gradient)


@weight(1)
@number("2.5")
@visibility("hidden")
@pytest.mark.parametrize("size", [1000.0, 1e5])
def test_loss_of_large_scores(submission, rng, check, size):
    """softmax_loss of scores that np.exp can't take"""
    scores = rng.normal(size=(5, 3)) * size
    loss, gradient = submission.mlp.softmax_loss(np.array(scores), rng.randint(3, size=5))
    check("loss", loss)
    check("gradient", gradient)
