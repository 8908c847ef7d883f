"""ReLU without dropout. No x is exactly 0, where two gradients are taught."""

import pytest
from making import signed

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize("shape", [(4, 7), (18, 2)], ids=["4x7", "18x2"])


@weight(0.5)
@number("3.1")
@SIZES
def test_forward(submission, rng, check, shape):
    """ReLU.forward in training and in evaluation"""
    layer = submission.mlp.ReLU()
    x = signed(rng, shape)
    check("forward(x)", layer.forward(x.copy()))
    check("forward(x, train=False)", layer.forward(x.copy(), train=False))


@weight(0.75)
@number("3.2")
@SIZES
def test_backward(submission, rng, check, shape):
    """ReLU.backward"""
    layer = submission.mlp.ReLU(dropout_probability=0)
    layer.forward(signed(rng, shape))
    check("backward(g)", layer.backward(rng.normal(size=shape)))


@weight(0.25)
@number("3.3")
@visibility("hidden")
def test_small_and_large(submission, rng, check):
    """ReLU for inputs from 1e-6 to 1e6"""
    layer = submission.mlp.ReLU()
    x = signed(rng, (13, 5))
    x *= 10.0 ** rng.randint(-6, 7, size=x.shape)
    check("forward(x) / |x|", layer.forward(x.copy()) / abs(x))
    check("backward(g)", layer.backward(rng.normal(size=x.shape)))


@weight(0.25)
@number("3.4")
@visibility("hidden")
def test_last_input(submission, rng, check):
    """ReLU.backward belongs to the last forward"""
    layer = submission.mlp.ReLU()
    layer.forward(signed(rng, (6, 3)))
    layer.forward(signed(rng, (6, 3)))
    check("backward(g)", layer.backward(rng.normal(size=(6, 3))))


@weight(0.25)
@number("3.5")
@visibility("hidden")
def test_twice(submission, rng, check):
    """ReLU.backward may be called again for the same forward"""
    layer = submission.mlp.ReLU()
    layer.forward(signed(rng, (5, 8)))
    check("backward(g)", layer.backward(rng.normal(size=(5, 8))))
    check("backward(g) again", layer.backward(rng.normal(size=(5, 8))))


@weight(0)
@number("3.6")
def test_input_is_kept(submission, rng, check):
    """Remark, no points: ReLU.forward leaves x as it is"""
    x = signed(rng, (7, 4))
    given = x.copy()
    submission.mlp.ReLU().forward(given)
    check.unchanged("x after forward(x)", given, original=x)
