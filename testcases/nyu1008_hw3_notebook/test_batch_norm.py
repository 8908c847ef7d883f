"""BatchNorm2d in float64, at sizes where N, C, H and W all differ, over batches whose mean and scale change."""

import pytest
import torch
from own_work import torch_refuses

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize("shape", [(4, 3, 5, 6), (7, 5, 2, 3)], ids=["3 channels", "5 channels"])


@pytest.fixture(autouse=True)
def own_work():
    yield from torch_refuses()


def draw(rng, *shape):
    return torch.tensor(rng.normal(size=shape))


def batches(rng, count, *shape):
    """Batches with other means and scales, also between channels."""
    for index in range(count):
        spread = torch.tensor(rng.uniform(0.5, 3.0, size=(shape[1], 1, 1)))
        yield draw(rng, *shape) * spread * (index + 1) + draw(rng, shape[1], 1, 1) + index


def gradient_of(leaf):
    """What autograd gave a tensor; zeros where the layer hid its work from autograd."""
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad


def build(submission, rng, channels, **settings):
    """A layer in float64; its weight and bias, if it has them, away from where they start."""
    layer = submission.regularization.BatchNorm2d(channels, **settings).double()
    if settings.get("affine", True):
        fill(layer.weight, draw(rng, channels) + 2)
        fill(layer.bias, draw(rng, channels))
    return layer


def give_statistics(rng, layer, channels):
    """Running statistics as if from long training, so that evaluation is graded apart from training."""
    fill(layer.running_mean, draw(rng, channels))
    fill(layer.running_var, draw(rng, channels).abs() + 0.5)


def fill(tensor, values):
    """Write a value for each channel into a parameter or buffer, which may be kept as (1, C, 1, 1)."""
    with torch.no_grad():
        tensor.copy_(values.reshape(tensor.shape) if tensor.numel() == values.numel() else values)


def flat(tensor):
    """What there is for each channel as (C,): the test of the start says that this is its shape."""
    return tensor.flatten()


@weight(3)
@number("2.1")
@SIZES
def test_training(submission, rng, check, shape):
    """BatchNorm2d normalises with the batch's mean and biased variance in training"""
    layer = build(submission, rng, shape[1])
    for index, x in enumerate(batches(rng, 2, *shape), 1):
        check(f"out of batch {index}", layer(x))


@weight(3)
@number("2.2")
@SIZES
def test_running_statistics(submission, rng, check, shape):
    """BatchNorm2d keeps running statistics: momentum weighs the new value, and the variance is unbiased"""
    layer = build(submission, rng, shape[1])
    for index, x in enumerate(batches(rng, 4, *shape), 1):
        layer(x)
        check(f"running_mean after batch {index}", flat(layer.running_mean))
        check(f"running_var after batch {index}", flat(layer.running_var))


@weight(2)
@number("2.3")
@SIZES
def test_evaluation(submission, rng, check, shape):
    """BatchNorm2d uses the running statistics in evaluation, and leaves them alone"""
    layer = build(submission, rng, shape[1])
    give_statistics(rng, layer, shape[1])
    layer.eval()
    for index, x in enumerate(batches(rng, 2, *shape), 1):
        check(f"out of batch {index}", layer(x))
    check("running_mean afterwards", flat(layer.running_mean))
    check("running_var afterwards", flat(layer.running_var))


@weight(3)
@number("2.4")
@SIZES
def test_gradients(submission, rng, check, shape):
    """autograd's gradients of BatchNorm2d in training"""
    layer = build(submission, rng, shape[1])
    x = next(batches(rng, 1, *shape)).requires_grad_()
    layer(x).backward(draw(rng, *shape))
    check("gradient of x", gradient_of(x))
    check("gradient of weight", flat(gradient_of(layer.weight)))
    check("gradient of bias", flat(gradient_of(layer.bias)))


@weight(1)
@number("2.5")
def test_state(submission, rng, check):
    """BatchNorm2d starts as it should, and its state_dict has all it knows"""
    layer = submission.regularization.BatchNorm2d(6)
    state = layer.state_dict()
    check("names in state_dict", ", ".join(sorted(state)))
    check("names of parameters", ", ".join(sorted(name for name, _ in layer.named_parameters())))
    for name in ("weight", "bias", "running_mean", "running_var"):
        check(f"{name} at the start", state.get(name, torch.zeros(0)))
    check("num_batches_tracked at the start", int(state.get("num_batches_tracked", -1)))
    layer = build(submission, rng, 6)
    for x in batches(rng, 3, 4, 6, 2, 3):
        layer(x)
    check("num_batches_tracked after three batches", int(layer.num_batches_tracked))
    other = submission.regularization.BatchNorm2d(6).double()
    other.load_state_dict(layer.state_dict())
    for name in ("weight", "bias"):
        check(f"{name} after load_state_dict", other.state_dict().get(name, torch.zeros(0)))
    x = draw(rng, 3, 6, 2, 2)
    layer.eval()
    other.eval()
    check("difference of the outputs after load_state_dict", other(x) - layer(x), atol=1e-9)


@weight(0.5)
@number("2.6")
def test_one_value(submission, rng, check):
    """BatchNorm2d refuses one value per channel in training, and takes two, also of a single picture"""
    layer = submission.regularization.BatchNorm2d(3)
    with check.raises("x of shape (1, 3, 1, 1) in training", ValueError):
        layer(torch.ones(1, 3, 1, 1))
    layer = build(submission, rng, 3)
    layer(draw(rng, 2, 3, 1, 1))
    check("running_var after x of shape (2, 3, 1, 1)", flat(layer.running_var))
    # its values would cost the points of other tests again
    check("shape of out for x of shape (1, 3, 2, 1)", str(tuple(layer(draw(rng, 1, 3, 2, 1)).shape)))


@weight(1.5)
@number("2.7")
@visibility("hidden")
def test_cumulative(submission, rng, check):
    """BatchNorm2d with momentum=None keeps the plain average over all batches"""
    layer = build(submission, rng, 4, momentum=None)
    for index, x in enumerate(batches(rng, 4, 3, 4, 5, 2), 1):
        layer(x)
        check(f"running_mean after batch {index}", flat(layer.running_mean))
        check(f"running_var after batch {index}", flat(layer.running_var))


@weight(1)
@number("2.8")
@visibility("hidden")
@pytest.mark.parametrize(
    "settings", [{"affine": False}, {"track_running_stats": False}], ids=["no affine", "untracked"]
)
def test_without(submission, rng, check, settings):
    """BatchNorm2d without weight and bias, or without running statistics"""
    layer = build(submission, rng, 3, **settings)
    for index, x in enumerate(batches(rng, 2, 5, 3, 2, 4), 1):
        check(f"out of batch {index}", layer(x))
    layer.eval()
    x = next(batches(rng, 1, 5, 3, 2, 4))
    if settings.get("track_running_stats", True):
        give_statistics(rng, layer, 3)
    check("out in evaluation", layer(x))
    state = layer.state_dict()
    if settings.get("track_running_stats", True):
        check("state_dict has no weight and no bias", not {"weight", "bias"} & set(state))
        return
    check(
        "state_dict has no running statistics", not {"running_mean", "running_var", "num_batches_tracked"} & set(state)
    )
    with check.raises("x of shape (1, 3, 1, 1) in evaluation, where no statistics are tracked", ValueError):
        layer(draw(rng, 1, 3, 1, 1))


@weight(0.5)
@number("2.9")
@visibility("hidden")
def test_eps_and_momentum(submission, rng, check):
    """BatchNorm2d with another eps and momentum, on values that hardly vary; momentum=0 is a number, too"""
    layer = build(submission, rng, 4, eps=0.03, momentum=0.35)
    for index, x in enumerate(batches(rng, 3, 6, 4, 3, 5), 1):
        check(f"out of batch {index}", layer(0.1 * x))
        check(f"running_mean after batch {index}", flat(layer.running_mean))
        check(f"running_var after batch {index}", flat(layer.running_var))
    layer = build(submission, rng, 4, momentum=0.0)
    layer(draw(rng, 6, 4, 3, 5))
    check("running_mean after a batch with momentum=0", flat(layer.running_mean))


@weight(0.5)
@number("2.10")
def test_other_shapes(submission, rng, check):
    """BatchNorm2d takes (N, C, H, W) with its number of channels, and refuses what isn't"""
    layer = build(submission, rng, 3)
    check("out for x of shape (2, 3, 4, 5)", layer(draw(rng, 2, 3, 4, 5)))
    for shape in ((4, 3), (3, 4, 5), (2, 1, 4, 5)):
        with check.raises(f"x of shape {shape}", ValueError):
            layer(draw(rng, *shape))
