"""Dropout's forward pass: judged by what is true of every right mask, whatever it was drawn with."""

import copy

import pytest

from grader.testing import number, visibility, weight


def draw(rng, *shape):
    """Eighths from -2 to 2 without 0, which would say nothing about a mask; equal ones show a mask that follows x."""
    return rng.randint(1, 17, size=shape) * rng.choice([-1, 1], size=shape) / 8


def check_drops(check, submission, x):
    """Demand two masks in training, right or wrong: a layer that drops nothing, or the same for ever, earns nothing."""
    layer = submission.dropout.Dropout(0.5)
    # copies, because a layer may return the same memory each time
    y, again = (copy.deepcopy(layer.forward(x.copy(), train=True)) for _ in range(2))
    check.dropout("forward(x, train=True) drops", y, x=x, keep=None, again=again)


@weight(2)
@number("2.1")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_training(submission, rng, check, p):
    """Dropout.forward drops at random in training, and scales what it keeps"""
    layer = submission.dropout.Dropout(p)
    x = draw(rng, 20, 64)
    y, *again = check.calls(lambda: layer.forward(x.copy(), train=True))
    other = submission.dropout.Dropout(p)  # made now: a seed that __init__ sets then repeats the first masks
    others = check.calls(lambda: other.forward(x.copy(), train=True))[:4]
    check.dropout("y", y, x=x, keep=p, again=again, other=others)


@weight(1)
@number("2.2")
def test_evaluation(submission, rng, check):
    """Dropout.forward changes nothing in evaluation"""
    layer = submission.dropout.Dropout(0.3)
    x = rng.normal(size=(12, 30))
    check("forward(x, train=False)", layer.forward(x.copy(), train=False))
    check_drops(check, submission, x)


@weight(0.5)
@number("2.3")
def test_call(submission, rng, check):
    """Calling the layer is a forward pass in training"""
    layer = submission.dropout.Dropout(0.65)
    x = draw(rng, 30, 50)
    check.dropout("layer(x)", layer(x.copy()), x=x, keep=0.65)


@weight(0.75)
@number("2.4")
@visibility("hidden")
def test_other_shape(submission, rng, check):
    """Dropout.forward for another batch of odd sizes"""
    layer, other = submission.dropout.Dropout(0.8), submission.dropout.Dropout(0.8)
    x = draw(rng, 33, 77)
    y, *again = check.calls(lambda: layer.forward(x.copy(), train=True))
    check.dropout("y", y, x=x, keep=0.8, again=again, other=other.forward(x.copy(), train=True))


@weight(0.25)
@number("2.5")
@visibility("hidden")
def test_keep_everything(submission, rng, check):
    """Dropout.forward with p = 1 keeps everything"""
    layer = submission.dropout.Dropout(1.0)
    x = rng.normal(size=(6, 9))
    check("forward(x, train=True)", layer.forward(x.copy(), train=True))
    check_drops(check, submission, x)


@weight(0.5)
@number("2.6")
@visibility("hidden")
def test_training_after_evaluation(submission, rng, check):
    """Training and evaluation may follow each other"""
    layer = submission.dropout.Dropout(0.4)
    x = draw(rng, 25, 60)
    layer.forward(x.copy(), train=True)
    check("forward(x, train=False)", layer.forward(x.copy(), train=False))
    check.dropout("forward(x, train=True)", layer.forward(x.copy(), train=True), x=x, keep=0.4)
