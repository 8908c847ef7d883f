"""Dropout: judged by what is true of every right mask, whatever it was drawn with."""

import pytest
import torch

from grader.testing import number, visibility, weight


def draw(rng, *shape):
    """Numbers without 0, because a 0 in the input says nothing about the mask."""
    return torch.from_numpy(rng.choice([-1, 1], size=shape) * rng.uniform(0.5, 2, size=shape))


# check.calls calls the layer 24 times, so that a mask that is drawn once and kept is found
@weight(2)
@number("1.1")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_training(submission, rng, check, p):
    """Dropout drops at random in training, and scales what it keeps"""
    layer, other = submission.dropout.Dropout(p), submission.dropout.Dropout(p)
    x = draw(rng, 20, 64)
    y, *again = check.calls(lambda: layer(x.clone()))
    others = check.calls(lambda: other(x.clone()))[:4]
    check.dropout("y", y, x=x, keep=1 - p, again=again, other=others)


# a seed that the handout names: two calls after it give the same mask. strict=True would demand the reference's own
@weight(1)
@number("1.2")
def test_seeded(submission, rng, check):
    """Dropout draws from torch, so that a seed repeats it"""
    layer = submission.dropout.Dropout(0.7)
    x = draw(rng, 30, 50)
    with check.seeded(11785):
        y = layer(x.clone()).clone()
    again = layer(x.clone()).clone()
    with check.seeded(11785):
        repeat = layer(x.clone())
    check.dropout("y", y, x=x, keep=0.3, again=again, repeat=repeat)


# the two masks in training keep a layer without any dropout from earning these points
@weight(1)
@number("1.3")
def test_evaluation(submission, rng, check):
    """Dropout changes nothing in evaluation"""
    layer = submission.dropout.Dropout(0.4)
    x = draw(rng, 12, 30)
    y, again = (layer(x.clone()).clone() for _ in range(2))
    check.dropout("in training, it drops", y, x=x, keep=None, again=again)
    layer.eval()
    check("in evaluation", layer(x.clone()))


@weight(2)
@number("1.4")
@visibility("hidden")
def test_gradient(submission, rng, check):
    """The gradient goes through where the layer kept"""
    layer = submission.dropout.Dropout(0.35)
    x, delta = draw(rng, 40, 30), torch.from_numpy(rng.normal(size=(40, 30)))
    given = x.clone().requires_grad_()
    y = layer(given)
    y.backward(delta.clone())
    check.dropout_backward("gradient of x", given.grad, y=y.detach(), x=x, delta=delta, keep=0.65)
