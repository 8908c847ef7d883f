"""LinearMap without momentum: forward, backward, gradients that add up, and the step."""

import numpy as np
import pytest
from making import check_moves, make_layer

from grader.testing import number, visibility, weight

# (indim, outdim, B), all different
SIZES = pytest.mark.parametrize(("indim", "outdim", "batch"), [(3, 5, 7), (18, 10, 2)])


@weight(0.5)
@number("1.1")
@SIZES
def test_forward(submission, rng, check, indim, outdim, batch):
    """LinearMap.forward"""
    layer, _, _ = make_layer(submission, rng, indim, outdim)
    check("forward(x)", layer.forward(rng.normal(size=(indim, batch))))


@weight(0.5)
@number("1.2")
@SIZES
def test_backward(submission, rng, check, indim, outdim, batch):
    """LinearMap.backward returns the gradient for x"""
    layer, _, _ = make_layer(submission, rng, indim, outdim)
    layer.zerograd()
    layer.forward(rng.normal(size=(indim, batch)))
    check("backward(g)", layer.backward(rng.normal(size=(outdim, batch))))


@weight(0.75)
@number("1.3")
@SIZES
def test_step(submission, rng, check, indim, outdim, batch):
    """LinearMap.step moves W and b by the gradients that backward found"""
    layer, W, b = make_layer(submission, rng, indim, outdim, lr=0.2)
    layer.zerograd()
    layer.forward(rng.normal(size=(indim, batch)))
    layer.backward(rng.normal(size=(outdim, batch)))
    layer.step()
    check_moves(check, layer, W, b, "after one step")


@weight(0.75)
@number("1.4")
def test_accumulate(submission, rng, check):
    """Two calls of LinearMap.backward before a step add up"""
    layer, W, b = make_layer(submission, rng, 6, 4, lr=0.2)
    layer.zerograd()
    layer.forward(rng.normal(size=(6, 3)))
    layer.backward(rng.normal(size=(4, 3)))
    layer.backward(rng.normal(size=(4, 3)))
    layer.step()
    check_moves(check, layer, W, b, "after two backward calls")


@weight(0.25)
@number("1.5")
def test_loadparams(submission, rng, check):
    """LinearMap.getW and getb return what loadparams was given"""
    layer, _, _ = make_layer(submission, rng, 5, 8)
    check("getW()", layer.getW())
    check("getb()", layer.getb())


@weight(0.5)
@number("1.6")
@visibility("hidden")
def test_again(submission, rng, check):
    """LinearMap.backward after step and zerograd, without a new forward, as in the course's tests"""
    layer, W, b = make_layer(submission, rng, 7, 4, lr=0.2)
    layer.forward(rng.normal(size=(7, 2)))
    layer.backward(rng.normal(size=(4, 2)))
    layer.step()
    layer.zerograd()
    check("backward(g) after the step", layer.backward(rng.normal(size=(4, 2))))
    layer.step()
    check_moves(check, layer, W, b, "after the second step")


@weight(0.25)
@number("1.7")
@visibility("hidden")
def test_accumulate_over_batches(submission, rng, check):
    """Gradients of two batches add up, each with its own x, whatever other layer was called since"""
    layer, W, b = make_layer(submission, rng, 4, 9, lr=0.2)
    other, _, _ = make_layer(submission, rng, 9, 6)
    layer.zerograd()
    for batch in (5, 2):
        other.forward(layer.forward(rng.normal(size=(4, batch))))
        layer.backward(rng.normal(size=(9, batch)))
    layer.step()
    check_moves(check, layer, W, b, "after two batches")


@weight(0.5)
@number("1.8")
@visibility("hidden")
def test_four_steps(submission, rng, check):
    """Four steps of LinearMap with the learning rate that is the default"""
    layer, W, b = make_layer(submission, rng, 8, 3)
    for step in range(1, 5):
        layer.zerograd()
        layer.forward(rng.normal(size=(8, 6)))
        layer.backward(10 * rng.normal(size=(3, 6)))
        layer.step()
        check_moves(check, layer, W, b, f"after step {step}")


@weight(0)
@number("1.9")
def test_start(submission, check):
    """Remark, no points: W starts within the bound of random_weight_init, b at zero"""
    layer = submission.mlp.LinearMap(30, 20)
    check("shape of getW()", np.array(np.shape(layer.getW())))
    check("W within ±sqrt(6) / sqrt(indim + outdim)", bool(np.abs(layer.getW()).max() <= np.sqrt(6 / 50)))
    check("getb()", layer.getb())
