"""The reference of cmu11785_hw1_bonus: Adam against a closed form and torch, dropout against its properties."""

import inspect
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from reference_loader import ROOT, load_reference
from torch.nn import functional

Floats = NDArray[np.floating[Any]]

hw = load_reference(
    "cmu11785_hw1_bonus",
    ["mytorch", "hw1"],
    ["activation", "loss", "batchnorm", "linear", "optimizer", "dropout", "hw1"],
)


@pytest.mark.parametrize("file", ["mytorch/loss.py", "mytorch/activation.py", "mytorch/batchnorm.py", "hw1/hw1.py"])
def test_homework_1_is_the_same_in_both_assignments(file: str) -> None:
    """So the oracle tests of cmu11785_hw1 hold for these files too; linear.py differs by Adam's moments."""
    bonus, original = (ROOT / "reference" / name / file for name in ("cmu11785_hw1_bonus", "cmu11785_hw1"))
    assert bonus.read_bytes() == original.read_bytes()


# Linear


@pytest.mark.parametrize(("batch", "fan_in", "fan_out"), [(5, 3, 4), (2, 7, 3), (17, 4, 6)])
def test_linear_against_autograd(batch: int, fan_in: int, fan_out: int) -> None:
    rng = np.random.RandomState(1)
    layer = hw.linear.Linear(fan_in, fan_out, lambda i, o: rng.normal(size=(i, o)), lambda o: rng.normal(size=(1, o)))
    x, delta = rng.normal(size=(batch, fan_in)), rng.normal(size=(batch, fan_out))
    x_t, W_t, b_t = (torch.tensor(array, requires_grad=True) for array in (x, layer.W, layer.b))
    y_t = x_t @ W_t + b_t
    dx, dW, db = torch.autograd.grad(y_t, [x_t, W_t, b_t], torch.tensor(delta))
    np.testing.assert_allclose(layer(x), y_t.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(delta), dx.numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.dW, dW.numpy() / batch, rtol=1e-12)
    np.testing.assert_allclose(layer.db, db.numpy() / batch, rtol=1e-12)
    assert layer.db.shape == layer.b.shape == (1, fan_out)
    for name in ("W", "b"):
        for moment in ("m", "v"):
            np.testing.assert_array_equal(getattr(layer, moment + name), np.zeros(getattr(layer, name).shape))


# Adam


def stand_in(rng: np.random.RandomState, sizes: list[tuple[int, int]], lr: float, dtype: type = np.float64) -> Any:
    """A model with just what Adam needs, so that no other module takes part."""

    def layer(fan_in: int, fan_out: int) -> SimpleNamespace:
        W: Floats = rng.normal(size=(fan_in, fan_out)).astype(dtype)
        b: Floats = rng.normal(size=(1, fan_out)).astype(dtype)
        zeros = {m + name: np.zeros_like(theta) for m in "dmv" for name, theta in (("W", W), ("b", b))}
        return SimpleNamespace(W=W, b=b, **zeros)

    return SimpleNamespace(lr=lr, linear_layers=[layer(*size) for size in sizes])


def feed(rng: np.random.RandomState, model: Any, steps: int, scale: float = 1.0) -> list[list[tuple[Floats, Floats]]]:
    """Gradients for each step and layer, (dW, db): they change from step to step in size as well as in sign."""
    return [
        [
            (
                (scale * step * rng.normal(size=layer.W.shape)).astype(layer.W.dtype),
                (scale * step * rng.normal(size=layer.b.shape)).astype(layer.b.dtype),
            )
            for layer in model.linear_layers
        ]
        for step in range(1, steps + 1)
    ]


def run(optimizer: Any, gradients: list[list[tuple[Floats, Floats]]]) -> None:
    for step in gradients:
        for layer, (dW, db) in zip(optimizer.model.linear_layers, step, strict=True):
            layer.dW, layer.db = dW.copy(), db.copy()
        optimizer.step()


def closed_form(
    theta: Floats, gradients: list[Floats], lr: float, beta1: float, beta2: float, eps: float, inside: bool
) -> Floats:
    """Adam without any state: each moment is the sum of its weighted past, sum_i (1 - beta) beta**(t - i) g_i."""
    g = np.stack(gradients)
    for t in range(1, len(g) + 1):
        age = np.arange(t - 1, -1, -1.0)
        w1, w2 = beta1**age / sum(beta1**age), beta2**age / sum(beta2**age)  # sum = (1 - beta**t) / (1 - beta)
        mean, square = np.tensordot(w1, g[:t], 1), np.tensordot(w2, g[:t] * g[:t], 1)
        theta = theta - lr * mean / ((square + eps) ** 0.5 if inside else square**0.5 + eps)
    return theta


SIZES = [[(3, 4)], [(7, 5), (5, 6), (6, 2)]]
BETAS = [(0.9, 0.999), (0.8, 0.6)]


@pytest.mark.parametrize("eps", [1e-8, 1e-2])
@pytest.mark.parametrize("betas", BETAS)
@pytest.mark.parametrize("sizes", SIZES)
def test_adam_against_closed_form(sizes: list[tuple[int, int]], betas: tuple[float, float], eps: float) -> None:
    rng = np.random.RandomState(2)
    model = stand_in(rng, sizes, lr=0.01)
    start = [(layer.W.copy(), layer.b.copy()) for layer in model.linear_layers]
    gradients = feed(rng, model, steps=7)
    optimizer = hw.optimizer.adam(model, *betas, eps)
    run(optimizer, gradients)
    assert optimizer.t == 7
    for i, layer in enumerate(model.linear_layers):
        for k, theta in enumerate((layer.W, layer.b)):
            own = [step[i][k] for step in gradients]
            expected = closed_form(start[i][k], own, 0.01, *betas, eps, inside=True)
            np.testing.assert_allclose(theta, expected, rtol=1e-12, atol=1e-13)
            assert theta.shape == start[i][k].shape


@pytest.mark.parametrize("betas", BETAS)
@pytest.mark.parametrize("sizes", SIZES)
def test_adam_against_torch(sizes: list[tuple[int, int]], betas: tuple[float, float]) -> None:
    """With an epsilon too small to count, its place doesn't matter and torch is the oracle."""
    rng = np.random.RandomState(3)
    model = stand_in(rng, sizes, lr=0.02)
    tensors = [[torch.tensor(layer.W), torch.tensor(layer.b)] for layer in model.linear_layers]
    oracle = torch.optim.Adam([tensor for pair in tensors for tensor in pair], lr=0.02, betas=betas, eps=1e-60)
    optimizer = hw.optimizer.adam(model, *betas, eps=1e-60)
    for step in feed(rng, model, steps=6):
        run(optimizer, [step])
        for pair, grads in zip(tensors, step, strict=True):
            for tensor, grad in zip(pair, grads, strict=True):
                tensor.grad = torch.tensor(grad)
        oracle.step()
        for layer, (W, b) in zip(model.linear_layers, tensors, strict=True):
            np.testing.assert_allclose(layer.W, W.numpy(), rtol=1e-11, atol=1e-13)
            np.testing.assert_allclose(layer.b, b.numpy(), rtol=1e-11, atol=1e-13)


def test_adam_has_epsilon_inside_the_root() -> None:
    """Gradients of about sqrt(eps) tell the two places apart; torch, with epsilon outside, confirms which is which."""
    rng = np.random.RandomState(4)
    model = stand_in(rng, [(3, 4)], lr=0.01)
    start = model.linear_layers[0].W.copy()
    gradients = feed(rng, model, steps=5, scale=1e-4)
    run(hw.optimizer.adam(model), gradients)
    own = [step[0][0] for step in gradients]
    inside = closed_form(start, own, 0.01, 0.9, 0.999, 1e-8, inside=True)
    outside = closed_form(start, own, 0.01, 0.9, 0.999, 1e-8, inside=False)

    W = torch.tensor(start)
    oracle = torch.optim.Adam([W], lr=0.01, betas=(0.9, 0.999), eps=1e-8)
    for grad in own:
        W.grad = torch.tensor(grad)
        oracle.step()
    np.testing.assert_allclose(outside, W.numpy(), rtol=1e-12)

    np.testing.assert_allclose(model.linear_layers[0].W, inside, rtol=1e-12)
    assert np.abs(inside - outside).max() > 1e-3


def test_adam_keeps_float32() -> None:
    rng = np.random.RandomState(5)
    model = stand_in(rng, [(3, 4)], lr=0.01, dtype=np.float32)
    run(hw.optimizer.adam(model), feed(rng, model, steps=2))
    assert model.linear_layers[0].W.dtype == np.float32
    assert model.linear_layers[0].b.dtype == np.float32


def test_adam_leaves_zero_gradients_alone() -> None:
    model = stand_in(np.random.RandomState(6), [(3, 4)], lr=0.01)
    before = model.linear_layers[0].W.copy()
    optimizer = hw.optimizer.adam(model)
    for _ in range(3):
        optimizer.step()
    np.testing.assert_array_equal(model.linear_layers[0].W, before)


def test_adam_attributes() -> None:
    """The handout's signature and defaults."""
    model = SimpleNamespace(lr=0.125, linear_layers=[])
    optimizer = hw.optimizer.adam(model)
    names = list(inspect.signature(hw.optimizer.adam).parameters)
    assert names == ["model", "beta1", "beta2", "eps"]
    assert optimizer.model is model
    assert (optimizer.beta1, optimizer.beta2, optimizer.eps) == (0.9, 0.999, 1e-8)
    assert (optimizer.lr, optimizer.t) == (0.125, 0)


def train_mlp(momentum: float, batches: list[tuple[Floats, Floats]]) -> tuple[Any, list[Floats]]:
    """The handout's net for Adam; returns it trained, and the parameters it started from."""
    np.random.seed(11785)
    mlp = hw.hw1.MLP(
        784,
        10,
        [64, 32],
        [hw.activation.Sigmoid(), hw.activation.Sigmoid(), hw.activation.Identity()],
        np.random.randn,
        lambda n: np.zeros((1, n)),
        hw.loss.SoftmaxCrossEntropy(),
        0.008,
        momentum=momentum,
        num_bn_layers=0,
    )
    start = [theta.copy() for layer in mlp.linear_layers for theta in (layer.W, layer.b)]
    optimizer = hw.optimizer.adam(mlp, 0.9, 0.999)
    for x, y in batches:
        mlp.zero_grads()
        mlp.forward(x)
        mlp.backward(y)
        optimizer.step()
    return mlp, start


def make_batches(rng: np.random.RandomState, count: int, size: int) -> list[tuple[Floats, Floats]]:
    return [(rng.uniform(size=(size, 784)), np.eye(10)[rng.randint(10, size=size)]) for _ in range(count)]


def course_net_by_oracle(start: list[Floats], batches: list[tuple[Floats, Floats]], inside: bool) -> list[Floats]:
    """The course's net trained without the reference: autograd for the gradients, the closed form for the steps.

    Epsilon keeps its real size: in saturated units a gradient is nothing but rounding, and without an epsilon Adam
    would blow it up to full steps, here and there in different ones.
    """
    thetas, history = start, list[list[Floats]]()
    for x, y in batches:
        tensors = [torch.tensor(theta, requires_grad=True) for theta in thetas]
        h = torch.tensor(x)
        for W, b in (tensors[0:2], tensors[2:4]):
            h = torch.sigmoid(h @ W + b)
        loss = functional.cross_entropy(h @ tensors[4] + tensors[5], torch.tensor(y))
        history.append([grad.numpy() for grad in torch.autograd.grad(loss, tensors)])
        thetas = [
            closed_form(theta, list(past), 0.008, 0.9, 0.999, 1e-8, inside)
            for theta, past in zip(start, zip(*history, strict=True), strict=True)
        ]
    return thetas


def test_adam_trains_the_course_net() -> None:
    batches = make_batches(np.random.RandomState(7), count=5, size=20)
    mlp, start = train_mlp(0.856, batches)
    actual = [theta for layer in mlp.linear_layers for theta in (layer.W, layer.b)]
    inside = course_net_by_oracle(start, batches, inside=True)
    outside = course_net_by_oracle(start, batches, inside=False)
    for theta, expected in zip(actual, inside, strict=True):
        np.testing.assert_allclose(theta, expected, rtol=1e-9, atol=1e-11)
    # At this size the place of epsilon is plain to see, so the agreement above does tell the two apart.
    assert max(np.abs(a - b).max() for a, b in zip(inside, outside, strict=True)) > 1e-3


def test_adam_ignores_momentum() -> None:
    batches = make_batches(np.random.RandomState(8), count=2, size=4)
    with_momentum, _ = train_mlp(0.856, batches)
    without, _ = train_mlp(0.0, batches)
    for a, b in zip(with_momentum.linear_layers, without.linear_layers, strict=True):
        np.testing.assert_array_equal(a.W, b.W)
        np.testing.assert_array_equal(a.b, b.b)


# Dropout


@pytest.mark.parametrize("shape", [(200, 250), (50, 40, 25)])
@pytest.mark.parametrize("p", [0.2, 0.3, 0.8])
def test_dropout_forward(p: float, shape: tuple[int, ...]) -> None:
    x = np.random.RandomState(9).uniform(1, 2, size=shape)  # no zeros: a zero in y was dropped
    np.random.seed(11785)
    layer = hw.dropout.Dropout(p)
    y = layer.forward(x, train=True)
    kept = y != 0
    # p is the share that is KEPT; 50,000 draws put five standard deviations at 0.011 or less.
    assert abs(kept.mean() - p) < 0.012
    np.testing.assert_allclose(y[kept], x[kept] / p, rtol=1e-14)
    assert abs(y.mean() / x.mean() - 1) < 0.05
    assert y.shape == shape

    # drawn neuron by neuron: neither whole rows nor whole columns, and another mask the next time
    assert kept.mean(axis=0).min() > 0
    assert kept.mean(axis=0).max() < 1
    assert kept.reshape(shape[0], -1).any(axis=1).all()
    assert not kept.reshape(shape[0], -1).all(axis=1).any()
    assert not np.array_equal(kept, layer(x) != 0)


@pytest.mark.parametrize("p", [0.3, 0.5, 0.8])
def test_dropout_mask_is_the_named_draw(p: float) -> None:
    """The handout names the sampler, so one seed gives one mask: recomputed here flat, which draws the same."""
    x = np.random.RandomState(10).uniform(1, 2, size=(20, 64))
    np.random.seed(11785)
    y = hw.dropout.Dropout(p)(x)  # a call is a training pass
    after = np.random.random_sample()
    np.random.seed(11785)
    mask = np.random.binomial(1, p, x.size).reshape(x.shape)
    assert np.random.random_sample() == after  # no draw beyond the mask's
    np.testing.assert_array_equal(y != 0, mask == 1)


@pytest.mark.parametrize("p", [0.3, 0.5, 0.8])
def test_dropout_backward_is_unscaled(p: float) -> None:
    """delta at kept neurons, 0 at dropped ones: autograd of the same function, times p."""
    rng = np.random.RandomState(11)
    x, delta = rng.uniform(1, 2, size=(20, 64)), rng.normal(size=(20, 64))
    layer = hw.dropout.Dropout(p)
    np.random.seed(11785)
    kept = layer(x) != 0
    gradient = layer.backward(delta)
    np.testing.assert_array_equal(gradient, np.where(kept, delta, 0))

    x_t = torch.tensor(x, requires_grad=True)
    y_t = torch.where(torch.tensor(kept), x_t / p, 0.0)
    np.testing.assert_allclose(gradient / p, torch.autograd.grad(y_t, x_t, torch.tensor(delta))[0].numpy(), rtol=1e-14)


@pytest.mark.parametrize("p", [0.3, 0.8])
def test_dropout_evaluation(p: float) -> None:
    x = np.random.RandomState(12).normal(size=(7, 5))
    before = x.copy()
    np.random.seed(11785)
    expected = np.random.random_sample()
    np.random.seed(11785)
    y = hw.dropout.Dropout(p).forward(x, train=False)
    np.testing.assert_array_equal(y, before)
    assert np.random.random_sample() == expected  # nothing was drawn


def test_dropout_leaves_its_input_and_dtype() -> None:
    x = np.random.RandomState(13).normal(size=(7, 5)).astype(np.float32)
    before = x.copy()
    layer = hw.dropout.Dropout(0.7)
    assert layer(x).dtype == np.float32
    assert layer.backward(x).dtype == np.float32
    np.testing.assert_array_equal(x, before)


def test_dropout_that_keeps_all() -> None:
    x = np.random.RandomState(14).normal(size=(7, 5))
    np.testing.assert_array_equal(hw.dropout.Dropout(1.0)(x), x)


@pytest.mark.parametrize("p", [0.0, -0.1, 1.5, float("nan")])
def test_dropout_refuses_other_probabilities(p: float) -> None:
    with pytest.raises(ValueError, match="probability to keep a neuron"):
        hw.dropout.Dropout(p)


def test_dropout_defaults() -> None:
    """The handout's defaults."""
    assert hw.dropout.Dropout().p == 0.5
    assert inspect.signature(hw.dropout.Dropout.forward).parameters["train"].default is True
