"""LinearMap with momentum. The batches hold one example, so that a wrong sum over the batch costs nothing here."""

import pytest
from making import as_column, check_moves, kept, make_layer

from grader.testing import number, visibility, weight


def train(layer, rng, indim, outdim, scale=1.0):
    """One step with a gradient of its own."""
    layer.zerograd()
    layer.forward(rng.normal(size=(indim, 1)))
    layer.backward(scale * rng.normal(size=(outdim, 1)))
    layer.step()


@weight(0.5)
@number("2.1")
def test_two_steps(submission, rng, check):
    """Two steps with one forward, as in the course's tests"""
    layer, W, b = make_layer(submission, rng, 6, 5, alpha=0.5, lr=0.2)
    layer.forward(rng.normal(size=(6, 1)))
    for _ in range(2):
        layer.zerograd()
        layer.backward(rng.normal(size=(5, 1)))
        layer.step()
    check_moves(check, layer, W, b, "after two steps")


@weight(1)
@number("2.2")
@pytest.mark.parametrize(("indim", "outdim"), [(4, 3), (7, 12)])
def test_five_steps(submission, rng, check, indim, outdim):
    """Five steps of momentum with changing gradients"""
    layer, W, b = make_layer(submission, rng, indim, outdim, alpha=0.8, lr=0.2)
    for step in range(1, 6):
        train(layer, rng, indim, outdim)
        check_moves(check, layer, W, b, f"after step {step}")


@weight(0.75)
@number("2.3")
@visibility("hidden")
def test_other_alpha(submission, rng, check):
    """Momentum with alpha = 0.35 and gradients of very different sizes"""
    layer, W, b = make_layer(submission, rng, 5, 9, alpha=0.35, lr=0.3)
    for step in range(6):
        train(layer, rng, 5, 9, scale=10.0 ** (1 - step % 3))
    check_moves(check, layer, W, b, "after six steps")


@weight(0.5)
@number("2.4")
@visibility("hidden")
def test_coasting(submission, rng, check):
    """The velocity outlives zerograd, and moves W and b where the gradient is zero"""
    layer, W, b = make_layer(submission, rng, 3, 8, alpha=0.9, lr=0.2)
    train(layer, rng, 3, 8)
    for _ in range(3):
        train(layer, rng, 3, 8, scale=0.0)
    check_moves(check, layer, W, b, "after one step and three without gradient")


@weight(0.25)
@number("2.5")
@visibility("hidden")
def test_second_step_without_zerograd(submission, rng, check):
    """A second step without zerograd and backward"""
    layer, _, _ = make_layer(submission, rng, 6, 2, alpha=0.6, lr=0.2)
    layer.zerograd()
    layer.forward(rng.normal(size=(6, 1)))
    layer.backward(rng.normal(size=(2, 1)))
    layer.step()
    after_one = kept(layer.getW()), as_column(kept(layer.getb()))
    layer.step()
    check_moves(check, layer, *after_one, "in the second step")


@weight(0)
@number("2.6")
def test_loadparams_keeps_the_velocity(submission, rng, check):
    """Remark, no points: loadparams takes W and b alone; gradients and velocities stay as they are"""
    layer, W, b = make_layer(submission, rng, 5, 4, alpha=0.7, lr=0.2)
    train(layer, rng, 5, 4)
    layer.loadparams(W.copy(), b.copy())
    train(layer, rng, 5, 4)
    check_moves(check, layer, W, b, "in the second step, after loadparams")
