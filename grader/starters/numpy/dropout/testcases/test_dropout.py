"""Dropout: judged by what is true of every right mask, whatever it was drawn with."""

import copy

import pytest

from grader.testing import number, visibility, weight


def draw(rng, *shape):
    """Numbers without 0, because a 0 in the input says nothing about the mask."""
    return rng.choice([-1, 1], size=shape) * rng.uniform(0.5, 2, size=shape)


# check.calls calls the layer 24 times, so that a mask that is drawn once and kept is found
@weight(2)
@number("1.1")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_training(submission, rng, check, p):
    """Dropout.forward drops at random in training, and scales what it keeps"""
    layer, other = submission.dropout.Dropout(p), submission.dropout.Dropout(p)
    x = draw(rng, 20, 64)
    y, *again = check.calls(lambda: layer.forward(x.copy()))
    others = check.calls(lambda: other.forward(x.copy()))[:4]
    check.dropout("y", y, x=x, keep=1 - p, again=again, other=others)


# a seed that the handout names: two calls after it give the same mask. strict=True would demand the reference's own
@weight(1)
@number("1.2")
def test_seeded(submission, rng, check):
    """Dropout.forward draws from np.random, so that a seed repeats it"""
    layer = submission.dropout.Dropout(0.7)
    x = draw(rng, 30, 50)
    with check.seeded(11785):
        y = copy.deepcopy(layer.forward(x.copy()))
    again = copy.deepcopy(layer.forward(x.copy()))
    with check.seeded(11785):
        repeat = layer.forward(x.copy())
    check.dropout("y", y, x=x, keep=0.3, again=again, repeat=repeat)


# the two masks in training keep a layer without any dropout from earning these points
@weight(1)
@number("1.3")
def test_evaluation(submission, rng, check):
    """Dropout.forward changes nothing in evaluation"""
    layer = submission.dropout.Dropout(0.4)
    x = draw(rng, 12, 30)
    check("forward(x, train=False)", layer.forward(x.copy(), train=False))
    y, again = (copy.deepcopy(layer.forward(x.copy(), train=True)) for _ in range(2))
    check.dropout("forward(x, train=True) drops", y, x=x, keep=None, again=again)


@weight(2)
@number("1.4")
@visibility("hidden")
@pytest.mark.parametrize("shape", [(40, 30), (16, 7, 9)], ids=["matrix", "three axes"])
def test_backward(submission, rng, check, shape):
    """Dropout.backward lets the gradient through where forward kept"""
    layer = submission.dropout.Dropout(0.35)
    x, delta = draw(rng, *shape), rng.normal(size=shape)
    y = layer.forward(x.copy())
    check.dropout_backward("dx", layer.backward(delta.copy()), y=y, x=x, delta=delta, keep=0.65)
