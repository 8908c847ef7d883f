"""Dropout's forward pass: judged by what is true of every right mask, whatever it was drawn with."""

import pytest

from grader.testing import number, visibility, weight


@weight(2)
@number("2.1")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_training(submission, rng, check, p):
    """Dropout.forward drops at random in training, and scales what it keeps"""
    layer = submission.dropout.Dropout(p)
    x = rng.normal(size=(20, 64))
    with check.seeded(11785):
        y = layer.forward(x.copy(), train=True)
        again = layer.forward(x.copy(), train=True)
    check.dropout("y", y, x=x, keep=p, again=again, sampler="np.random.binomial")


@weight(1)
@number("2.2")
def test_evaluation(submission, rng, check):
    """Dropout.forward changes nothing in evaluation"""
    layer = submission.dropout.Dropout(0.3)
    x = rng.normal(size=(12, 30))
    check("forward(x, train=False)", layer.forward(x.copy(), train=False))


@weight(0.5)
@number("2.3")
def test_call(submission, rng, check):
    """Calling the layer is a forward pass in training"""
    layer = submission.dropout.Dropout(0.65)
    x = rng.normal(size=(30, 50))
    check.dropout("layer(x)", layer(x.copy()), x=x, keep=0.65)


@weight(0.75)
@number("2.4")
@visibility("hidden")
def test_other_shape(submission, rng, check):
    """Dropout.forward for inputs of three dimensions and odd sizes"""
    layer = submission.dropout.Dropout(0.8)
    x = rng.uniform(1.0, 2.0, size=(7, 11, 33))
    y = layer.forward(x.copy(), train=True)
    again = layer.forward(x.copy(), train=True)
    check.dropout("y", y, x=x, keep=0.8, again=again)


@weight(0.25)
@number("2.5")
@visibility("hidden")
def test_keep_everything(submission, rng, check):
    """Dropout.forward with p = 1 keeps everything"""
    layer = submission.dropout.Dropout(1.0)
    x = rng.normal(size=(6, 9))
    check("forward(x, train=True)", layer.forward(x.copy(), train=True))


@weight(0.5)
@number("2.6")
@visibility("hidden")
def test_training_after_evaluation(submission, rng, check):
    """Training and evaluation may follow each other"""
    layer = submission.dropout.Dropout(0.4)
    x = rng.normal(size=(25, 60))
    layer.forward(x.copy(), train=True)
    check("forward(x, train=False)", layer.forward(x.copy(), train=False))
    check.dropout("forward(x, train=True)", layer.forward(x.copy(), train=True), x=x, keep=0.4)
