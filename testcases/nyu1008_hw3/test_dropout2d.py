"""Dropout2d, judged by what is true of every right mask. A channel's fate is read at its first and its last pixel."""

import pytest
import torch
from own_work import torch_refuses

from grader.testing import number, visibility, weight

PROBABILITIES = pytest.mark.parametrize("p", [0.3, 0.6])


@pytest.fixture(autouse=True)
def own_work():
    yield from torch_refuses()


def draw(rng, *shape, dtype=torch.float32):
    """Quarters from 1 to 3: none is zero, so that a zero in the output is a dropped one; few values, small fixtures."""
    return torch.tensor(rng.randint(4, 13, size=shape) / 4).to(dtype)


def gradient_of(leaf):
    """What autograd gave a tensor, or the end of the test where the layer hid its work from autograd."""
    if leaf.grad is None:
        pytest.fail("x.grad is None: autograd doesn't see what the layer does; work on x, not on x.detach() or x.data")
    return leaf.grad


def check_drops(check, layer, x):
    """Demand a mask in training, right or wrong: a layer that drops nothing, or everything, earns nothing.

    A mask that never changes is paid for where training is graded, and there alone.
    """
    check.dropout("y in training", layer(x.clone()), x=x, keep=None)


def check_evaluation(check, rng, layer, label=""):
    """Demand that a layer that drops in training is the identity in evaluation, and leaves its input alone."""
    # a layer that never drops has nothing to switch off; how it drops is graded elsewhere
    dropped = layer(draw(rng, 20, 30, 1, 2)) == 0
    check(f"share of zeros in training{label}", dropped.double().mean(), rtol=0.0, atol=0.2)
    layer.eval()
    x = draw(rng, 5, 6, 2, 3)
    given = x.clone()
    check(f"y{label}", layer(given))
    check.unchanged(f"x{label}", given, original=x)


def scale(y, x):
    """The mean factor of what isn't dropped."""
    ratio = y.detach() / x
    return ratio[ratio != 0].mean()


def check_channels(check, y, x, p, again=(), other=()):
    """Demand whole channels, dropped with probability p, and one factor for what is kept."""
    check("shape", str(tuple(y.shape)))
    ratio = (y.detach() / x).flatten(-2)
    low, high = ratio.amin(-1), ratio.amax(-1)
    check("every channel is kept or dropped as a whole", bool(((low == 0) == (high == 0)).all()))
    check("greatest difference of y / x inside a channel", (high - low).max(), atol=1e-4)
    check.dropout(
        "first pixel of every channel",
        y[..., 0, 0],
        x=x[..., 0, 0],
        keep=1 - p,
        again=[output[..., 0, 0] for output in again],
        other=[output[..., 0, 0] for output in other],
    )
    check.dropout("last pixel of every channel", y[..., -1, -1], x=x[..., -1, -1], keep=1 - p)


@weight(4)
@number("1.1")
@PROBABILITIES
def test_training(submission, rng, check, p):
    """Dropout2d drops whole channels with probability p in training, and scales the others"""
    layer = submission.regularization.Dropout2d(p)
    x = draw(rng, 40, 33, 3, 5)
    y, *again = check.calls(lambda: layer(x.clone()))
    other = submission.regularization.Dropout2d(p)  # made now: a seed that __init__ sets then repeats the first masks
    check_channels(check, y, x, p, again, check.calls(lambda: other(x.clone()))[:4])


@weight(1.5)
@number("1.2")
def test_evaluation(submission, rng, check):
    """Dropout2d changes nothing in evaluation, where it drops in training"""
    check_evaluation(check, rng, submission.regularization.Dropout2d(0.5))
    check_drops(check, submission.regularization.Dropout2d(0.5), draw(rng, 6, 7, 2, 2))


@weight(1.5)
@number("1.3")
def test_inplace(submission, rng, check):
    """Dropout2d writes into its input with inplace=True, in training alone"""
    x = draw(rng, 30, 40, 2, 2)
    given = x.clone()
    layer = submission.regularization.Dropout2d(p=0.3, inplace=True)
    y = layer(given)
    check.dropout("y in training", y, x=x, keep=None)
    check("y is stored where x was", y.data_ptr() == given.data_ptr())
    check("x holds the result", bool((given == y).all()))
    without = submission.regularization.Dropout2d(p=0.3)(x.clone())
    check("factor of what is kept, in place over not in place", scale(given, x) / scale(without, x))
    layer = submission.regularization.Dropout2d(p=0.5, inplace=True)
    check_evaluation(check, rng, layer, " with inplace=True")


@weight(0.5)
@number("1.11")
def test_not_inplace(submission, rng, check):
    """Dropout2d leaves its input alone without inplace"""
    x = draw(rng, 30, 40, 2, 2)
    given = x.clone()
    layer = submission.regularization.Dropout2d(0.3)
    check.dropout("y", layer(given), x=x, keep=None)
    check.unchanged("x", given, original=x)


@weight(2.5)
@number("1.4")
@PROBABILITIES
def test_gradient(submission, rng, check, p):
    """autograd's gradient of Dropout2d is the given one times the mask"""
    layer = submission.regularization.Dropout2d(p)
    x, delta = draw(rng, 8, 12, 3, 4), draw(rng, 8, 12, 3, 4)
    leaf = x.clone().requires_grad_()
    y = layer(leaf * 1)  # a layer that works in place without being asked is paid for elsewhere
    y.backward(delta.clone())
    check.dropout_backward("x.grad", gradient_of(leaf), y=y, x=x, delta=delta, keep=1 - p)


@weight(1)
@number("1.5")
def test_nothing_and_everything(submission, rng, check):
    """Dropout2d with p = 0 keeps everything, with p = 1 nothing"""
    x = draw(rng, 3, 7, 4, 2)
    check("y with p = 0", submission.regularization.Dropout2d(0.0)(x.clone()))
    check("y with p = 1", submission.regularization.Dropout2d(1.0)(x.clone()))


@weight(0.5)
@number("1.6")
def test_refused(submission, rng, check):
    """Dropout2d refuses a p outside of [0, 1]"""
    dropout2d = submission.regularization.Dropout2d
    check_drops(check, dropout2d(0.5), draw(rng, 6, 7, 2, 2))
    for p in (-0.1, 1.1):
        with check.raises(f"Dropout2d({p})", ValueError):
            dropout2d(p)


@weight(1)
@number("1.7")
@visibility("hidden")
def test_one_picture(submission, rng, check):
    """Dropout2d for one picture (C, H, W)"""
    layer = submission.regularization.Dropout2d(0.4)
    x = draw(rng, 2500, 2, 3)
    check_channels(check, layer(x.clone()), x, 0.4)


@weight(0.5)
@number("1.8")
@visibility("hidden")
def test_training_after_evaluation(submission, rng, check):
    """Dropout2d goes from evaluation back to training, and keeps float64"""
    layer = submission.regularization.Dropout2d(0.2)
    x = draw(rng, 20, 25, 1, 4, dtype=torch.float64)
    layer.eval()
    check("y in evaluation", layer(x.clone()))
    layer.train()
    y = layer(x.clone())
    check("dtype", str(y.dtype))
    check_channels(check, y, x, 0.2)


@weight(0.5)
@number("1.9")
@visibility("hidden")
def test_gradient_inplace(submission, rng, check):
    """autograd's gradient of Dropout2d with inplace=True"""
    layer = submission.regularization.Dropout2d(0.35, inplace=True)
    x, delta = draw(rng, 9, 14, 2, 3), draw(rng, 9, 14, 2, 3)
    leaf = x.clone().requires_grad_()
    y = layer(leaf * 1)
    y.backward(delta.clone())
    check.dropout_backward("x.grad", gradient_of(leaf), y=y, x=x, delta=delta, keep=0.65)


@weight(0.5)
@number("1.10")
def test_other_dimensions(submission, rng, check):
    """Dropout2d refuses what is neither (N, C, H, W) nor (C, H, W)"""
    layer = submission.regularization.Dropout2d(0.5)
    check_drops(check, layer, draw(rng, 6, 7, 2, 2))
    for shape in ((4, 5), (2, 3, 4, 5, 6)):
        with check.raises(f"x of shape {shape}", ValueError):
            layer(torch.ones(shape))
