"""The layers and the loss, each alone. No input of ReLU is exactly 0, where two gradients are taught."""

import numpy as np
import pytest
from making import kept

from grader.testing import number, visibility, weight

# (N, D, M), all different
SIZES = pytest.mark.parametrize(("n", "d", "m"), [(7, 3, 5), (2, 9, 4)])


def check_backward(check, grads):
    """dx, dw and db, as a submission returns them."""
    for name, grad in zip(("dx", "dw", "db"), grads, strict=False):
        check(name, grad)


@weight(1)
@number("1.01")
@SIZES
def test_linear_forward(submission, rng, check, n, d, m):
    """Linear.forward"""
    out, _ = submission("nn.layers").Linear.forward(
        rng.normal(size=(n, d)), rng.normal(size=(d, m)), rng.normal(size=m)
    )
    check("out", out)


@weight(1.5)
@number("1.02")
@SIZES
def test_linear_backward(submission, rng, check, n, d, m):
    """Linear.backward"""
    layer = submission("nn.layers").Linear
    _, cache = layer.forward(rng.normal(size=(n, d)), rng.normal(size=(d, m)), rng.normal(size=m))
    check_backward(check, layer.backward(rng.normal(size=(n, m)), cache))


@weight(0.5)
@number("1.03")
@pytest.mark.parametrize("shape", [(6, 4), (3, 11)], ids=["6x4", "3x11"])
def test_relu_forward(submission, rng, check, shape):
    """ReLU.forward"""
    out, _ = submission("nn.layers").ReLU.forward(rng.normal(size=shape))
    check("out", out)


@weight(0.75)
@number("1.04")
@pytest.mark.parametrize("shape", [(6, 4), (3, 11)], ids=["6x4", "3x11"])
def test_relu_backward(submission, rng, check, shape):
    """ReLU.backward"""
    layer = submission("nn.layers").ReLU
    _, cache = layer.forward(rng.normal(size=shape))
    check("dx", layer.backward(rng.normal(size=shape), cache))


@weight(1.25)
@number("1.05")
@SIZES
def test_linear_relu(submission, rng, check, n, d, m):
    """LinearReLU, forward and backward"""
    layer = submission("nn.layers").LinearReLU
    out, cache = layer.forward(rng.normal(size=(n, d)), rng.normal(size=(d, m)), rng.normal(size=m))
    check("out", kept(out))
    check_backward(check, layer.backward(rng.normal(size=(n, m)), cache))


@weight(2)
@number("1.06")
@pytest.mark.parametrize(("n", "classes"), [(7, 4), (3, 10)])
def test_softmax_loss(submission, rng, check, n, classes):
    """softmax_loss is a mean over the batch, and returns its gradient"""
    loss, dscores = submission("nn.layers").softmax_loss(rng.normal(size=(n, classes)), rng.randint(classes, size=n))
    check("loss", loss)
    check("dscores", dscores)


@weight(0.75)
@number("1.07")
@visibility("hidden")
def test_softmax_loss_confident(submission, rng, check):
    """softmax_loss for scores from -6 to 6, and for a batch of one"""
    softmax_loss = submission("nn.layers").softmax_loss
    for n in (25, 1):
        loss, dscores = softmax_loss(rng.uniform(-6, 6, size=(n, 6)), rng.randint(6, size=n))
        check(f"loss of {n}", loss)
        check(f"dscores of {n}", dscores)


@weight(0.75)
@number("1.08")
@visibility("hidden")
def test_linear_caches(submission, rng, check):
    """Linear keeps nothing but caches: two forwards, then the backward of each"""
    layer = submission("nn.layers").Linear
    caches = [
        layer.forward(rng.normal(size=(n, 4)), rng.normal(size=(4, m)), rng.normal(size=m))[1]
        for n, m in ((3, 6), (5, 2))
    ]
    for cache, (n, m) in zip(caches, ((3, 6), (5, 2)), strict=True):
        dx, dw, db = layer.backward(rng.normal(size=(n, m)), cache)
        check(f"dx of {n} examples", dx)
        check(f"dw of {n} examples", dw)
        check(f"db of {n} examples", db)


@weight(0.5)
@number("1.09")
@visibility("hidden")
def test_relu_caches(submission, rng, check):
    """ReLU keeps nothing but caches, for inputs of any shape"""
    layer = submission("nn.layers").ReLU
    shapes = ((2, 5, 3), (8,))
    caches = [layer.forward(rng.normal(size=shape))[1] for shape in shapes]
    for cache, shape in zip(caches, shapes, strict=True):
        check(f"dx of shape {shape}", layer.backward(rng.normal(size=shape), cache))


@weight(1)
@number("1.10")
@visibility("hidden")
def test_linear_relu_caches(submission, rng, check):
    """LinearReLU keeps nothing but caches: two forwards, then the backward of each, the last one first"""
    layer = submission("nn.layers").LinearReLU
    first, second = (
        layer.forward(rng.normal(size=(6, d)), rng.normal(size=(d, m)), rng.normal(size=m))[1]
        for d, m in ((3, 8), (8, 5))
    )
    dx, dw, db = layer.backward(rng.normal(size=(6, 5)), second)
    check("dw of the second", dw)
    check("db of the second", db)
    check("dx of the second", dx)
    check_backward(check, layer.backward(rng.normal(size=(6, 8)), first))


@weight(0)
@number("1.11")
def test_inputs_are_kept(submission, rng, check):
    """Remark, no points: the layers leave what they are given as it is"""
    x, w, b, dout = rng.normal(size=(4, 3)), rng.normal(size=(3, 6)), rng.normal(size=6), rng.normal(size=(4, 6))
    given = [array.copy() for array in (x, w, b, dout)]
    layer = submission("nn.layers").LinearReLU
    _, cache = layer.forward(*given[:3])
    layer.backward(given[3], cache)
    for name, array, original in zip(("x", "w", "b", "dout"), given, (x, w, b, dout), strict=True):
        check.unchanged(f"{name} after LinearReLU", array, original=original)


@weight(0)
@number("1.12")
def test_large_scores(submission, rng, check):
    """Remark, no points: the loss is finite for scores of 1000; subtract each row's maximum before np.exp"""
    scores = 1000.0 * rng.uniform(0.5, 1.0, size=(4, 5))
    with np.errstate(all="ignore"):
        loss, dscores = submission("nn.layers").softmax_loss(scores.copy(), scores.argmax(axis=1))
        check("loss where the right class has the largest score", loss)
        check("dscores", dscores)
        loss, _ = submission("nn.layers").softmax_loss(scores.copy(), scores.argmin(axis=1))
        check("loss where the right class has the smallest score", loss)
