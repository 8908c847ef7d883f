"""Dropout's backward pass: the mask is the one of the submission's own forward pass."""

import pytest

from grader.testing import number, visibility, weight


@weight(2.5)
@number("3.1")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_backward(submission, rng, check, p):
    """Dropout.backward lets the gradient through where forward kept"""
    layer = submission.dropout.Dropout(p)
    x, delta = rng.normal(size=(20, 64)), rng.normal(size=(20, 64))
    with check.seeded(11785):
        y = layer.forward(x.copy(), train=True)
        dx = layer.backward(delta.copy())
    check.dropout_backward("dx", dx, y=y, x=x, delta=delta, keep=p)


@weight(0.75)
@number("3.2")
@visibility("hidden")
def test_last_mask(submission, rng, check):
    """Dropout.backward uses the mask of the last forward pass"""
    layer = submission.dropout.Dropout(0.7)
    layer.forward(rng.normal(size=(32, 20)), train=True)
    x, delta = rng.normal(size=(32, 20)), rng.normal(size=(32, 20))
    y = layer.forward(x.copy(), train=True)
    check.dropout_backward("dx", layer.backward(delta.copy()), y=y, x=x, delta=delta, keep=0.7)


@weight(1)
@number("3.3")
@visibility("hidden")
def test_other_shape(submission, rng, check):
    """Dropout.backward for another batch of odd sizes"""
    layer = submission.dropout.Dropout(0.35)
    x, delta = rng.normal(size=(39, 45)), rng.normal(size=(39, 45))
    y = layer.forward(x.copy(), train=True)
    check.dropout_backward("dx", layer.backward(delta.copy()), y=y, x=x, delta=delta, keep=0.35)


@weight(0.75)
@number("3.4")
@visibility("hidden")
def test_in_turn(submission, rng, check):
    """Dropout.forward and Dropout.backward in turn, as in training"""
    layer = submission.dropout.Dropout(0.4)
    # backward is called once for each forward pass: it may use up what forward has kept
    for name in ("first", "second"):
        x, delta = rng.normal(size=(36, 30)), rng.normal(size=(36, 30))
        y = layer.forward(x.copy(), train=True)
        dx = layer.backward(delta.copy())
        check.dropout_backward(f"dx of the {name} pass", dx, y=y, x=x, delta=delta, keep=0.4)
