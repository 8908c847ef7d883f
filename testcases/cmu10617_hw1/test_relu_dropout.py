"""ReLU with dropout: p drops, training isn't scaled, evaluation is scaled by 1 - p. Any right way to draw passes.

x and the gradient are positive but in one test, so that a wrong ReLU costs its own part.
"""

import numpy as np
import pytest
from making import kept, positive, signed

from grader.testing import builds_on, number, visibility, weight


@weight(1)
@number("4.1")
@pytest.mark.parametrize("p", [0.25, 0.7])
def test_training(submission, rng, check, p):
    """ReLU.forward drops with probability p in training, and scales nothing"""
    layer = submission.mlp.ReLU(p)
    x = positive(rng, (32, 20))
    y, *again = check.calls(lambda: layer.forward(x.copy(), train=True))
    other = submission.mlp.ReLU(p)  # made now: a seed that __init__ sets then repeats the first masks
    others = check.calls(lambda: other.forward(x.copy(), train=True))[:4]
    check.dropout("forward(x)", y, x=x, keep=1 - p, again=again, other=others)


@weight(0.75)
@number("4.2")
@pytest.mark.parametrize("p", [0.25, 0.7])
def test_evaluation(submission, rng, check, p):
    """ReLU.forward drops nothing in evaluation, and scales by 1 - p"""
    layer = submission.mlp.ReLU(dropout_probability=p)
    check("forward(x, train=False)", layer.forward(positive(rng, (9, 14)), train=False))


@weight(1)
@number("4.3")
@pytest.mark.parametrize("p", [0.25, 0.7])
def test_backward(submission, rng, check, p):
    """ReLU.backward lets the gradient through where forward kept"""
    layer = submission.mlp.ReLU(p)
    x, g = positive(rng, (24, 15)), positive(rng, (24, 15))
    y = kept(layer.forward(x.copy()))
    check.dropout_backward("backward(g)", layer.backward(g.copy()), y=y, x=x, delta=g, keep=1 - p)


@weight(0.5)
@number("4.4")
@builds_on("relu")
@visibility("hidden")
def test_both_signs(submission, rng, check):
    """ReLU with dropout, for inputs of both signs"""
    layer = submission.mlp.ReLU(0.2)
    x, g = signed(rng, (40, 25)), signed(rng, (40, 25))
    y = kept(layer.forward(x.copy(), train=True))
    dx = kept(layer.backward(g.copy()))
    relu = np.where(x > 0, x, 0.0)
    check.dropout("forward(x)", y, x=relu, keep=0.8)
    check.dropout_backward("backward(g)", dx, y=y, x=relu, delta=g, keep=0.8)
    check("backward(g) where x < 0", dx[x < 0])


@weight(0.25)
@number("4.5")
@visibility("hidden")
def test_last_mask(submission, rng, check):
    """ReLU.backward uses the mask of the last forward"""
    layer = submission.mlp.ReLU(0.6)
    layer.forward(positive(rng, (16, 21)))
    x, g = positive(rng, (16, 21)), positive(rng, (16, 21))
    y = kept(layer.forward(x.copy()))
    check.dropout_backward("backward(g)", layer.backward(g.copy()), y=y, x=x, delta=g, keep=0.4)


@weight(0.25)
@number("4.6")
@visibility("hidden")
def test_twice(submission, rng, check):
    """ReLU.backward may be called again for the same forward"""
    layer = submission.mlp.ReLU(0.35)
    x = positive(rng, (14, 22))
    y = kept(layer.forward(x.copy()))
    for name in ("backward(g)", "backward(g) again"):
        g = positive(rng, (14, 22))
        check.dropout_backward(name, layer.backward(g.copy()), y=y, x=x, delta=g, keep=0.65)


@weight(0.25)
@number("4.7")
@visibility("hidden")
def test_training_after_evaluation(submission, rng, check):
    """Training and evaluation may follow each other"""
    layer = submission.mlp.ReLU(0.7)
    x = positive(rng, (30, 17))
    layer.forward(x.copy(), train=True)
    check("forward(x, train=False)", layer.forward(x.copy(), train=False))
    check.dropout("forward(x)", layer.forward(x.copy(), train=True), x=x, keep=0.3)


@weight(0)
@number("4.8")
def test_handout_draw(submission, rng, check):
    """Remark, no points: the mask is the one draw that the handout names, np.random.uniform(0, 1, x.shape) > p"""
    layer = submission.mlp.ReLU(0.3)
    x = positive(rng, (25, 20))
    with check.seeded(10417617):
        y = layer.forward(x.copy(), train=True)
    check.dropout("forward(x)", y, x=x, keep=0.7, sampler="np.random.uniform(0, 1, x.shape) > p", strict=True)


@weight(0)
@number("4.9")
def test_backward_in_evaluation(submission, rng, check):
    """Remark, no points: ReLU.backward after a forward in evaluation"""
    layer = submission.mlp.ReLU(0.3)
    x = signed(rng, (6, 11))
    layer.forward(x.copy(), train=False)
    check("backward(g)", layer.backward(signed(rng, (6, 11))))
