"""The layers and the loss, each alone: a wrong layer doesn't fail the tests of the others."""

import pytest
import torch

from grader.testing import number, visibility, weight


def draw(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).float()


def set_to(layer, rng):
    """Give the layer's parameters drawn values, because a hand-in may initialise them as it likes."""
    with torch.no_grad():
        for parameter in (layer.W, layer.b):
            parameter.copy_(draw(rng, *parameter.shape))
    return layer


# sizes that all differ, so that a transpose is found
@weight(3)
@number("2.1")
def test_linear(submission, rng, check):
    """Linear, and the gradients that reach its parameters"""
    layer = set_to(submission.mlp.Linear(5, 4), rng)
    y = layer(draw(rng, 7, 5))
    check("y", y)
    y.backward(draw(rng, 7, 4))
    check("gradient of W", layer.W.grad)
    check("gradient of b", layer.b.grad)


@weight(1)
@number("2.2")
def test_relu(submission, rng, check):
    """relu"""
    check("relu(x)", submission.mlp.relu(draw(rng, 6, 5)))


@weight(2)
@number("2.3")
@pytest.mark.parametrize("size", [1.0, 1000.0], ids=["small", "large"])
def test_loss(submission, rng, check, size):
    """cross_entropy"""
    scores, labels = size * draw(rng, 9, 4), torch.from_numpy(rng.randint(4, size=9))
    check("loss", submission.mlp.cross_entropy(scores, labels))


@weight(1)
@number("2.4")
@visibility("hidden")
def test_loss_gradient(submission, rng, check):
    """cross_entropy lets the gradient through to the scores"""
    scores = draw(rng, 6, 3).requires_grad_()
    submission.mlp.cross_entropy(scores, torch.from_numpy(rng.randint(3, size=6))).backward()
    check("gradient", scores.grad)
