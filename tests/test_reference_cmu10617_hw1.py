"""The perceptrons of cmu10617_hw1 against torch's autograd and optimiser, and against draws repeated here.

torch keeps examples in rows and the course in columns, hence the transposes.
"""

import inspect
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from float64 import Array, close, gradient, tensor
from reference_loader import load_reference

mlp = load_reference("cmu10617_hw1", ["."], ["mlp"]).mlp

SEED = 10417617  # the course's

# (indim, outdim, B); the second is the size of the course's own tests.
SIZES = [(3, 5, 7), (18, 100, 4), (6, 2, 1)]
# (indim, hidden layers, outdim, B); the course's tests go from 20 to 19.
NETS = [(4, (6,), 3, 5), (20, (100,), 19, 7), (4, (6, 8), 3, 5), (20, (50, 30), 19, 7)]


def one_hot(rng: np.random.Generator, classes: int, batch: int) -> Array:
    labels: Array = np.arange(classes)[:, None] == rng.integers(classes, size=batch)
    return labels


def random_parameters(rng: np.random.Generator, dims: Sequence[int]) -> tuple[list[Array], list[Array]]:
    Ws = [rng.normal(size=(after, before)) / np.sqrt(before) for before, after in pairwise(dims)]
    return Ws, [rng.normal(size=(after, 1)) for after in dims[1:]]


def make_net(
    dims: Sequence[int], alpha: float = 0.1, dropout_probability: float = 0, lr: float = 0.01, seed: int = 0
) -> Any:
    hidden = list(dims[1:-1])
    np.random.seed(seed)
    if len(hidden) == 1:
        return mlp.SingleLayerMLP(dims[0], dims[-1], hidden[0], alpha, dropout_probability, lr)
    return mlp.TwoLayerMLP(dims[0], dims[-1], hidden, alpha, dropout_probability, lr)


def torch_net(
    x: torch.Tensor, Ws: Sequence[torch.Tensor], bs: Sequence[torch.Tensor], factors: Sequence[Array | float]
) -> torch.Tensor:
    """Return the logits, rows as columns; factors is what each hidden layer's ReLU is multiplied by."""
    for W, b, factor in zip(Ws[:-1], bs[:-1], factors, strict=True):
        x = torch.relu(W @ x + b) * torch.as_tensor(factor, dtype=torch.float64)
    return Ws[-1] @ x + bs[-1]


# Interface


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (mlp.ReLU, "(dropout_probability=0)"),
        (mlp.ReLU.forward, "(self, x, train=True)"),
        (mlp.LinearMap, "(indim, outdim, alpha=0, lr=0.01)"),
        (mlp.SingleLayerMLP, "(indim, outdim, hiddenlayer=100, alpha=0.1, dropout_probability=0, lr=0.01)"),
        (mlp.TwoLayerMLP, "(indim, outdim, hiddenlayers=[100, 100], alpha=0.1, dropout_probability=0, lr=0.01)"),
        (mlp.SingleLayerMLP.forward, "(self, x, train=True)"),
        (mlp.TwoLayerMLP.forward, "(self, x, train=True)"),
    ],
)
def test_signatures_are_those_of_the_sheet(function: Callable[..., Any], signature: str) -> None:
    assert str(inspect.signature(function)) == signature


@pytest.mark.parametrize("name", ["ReLU", "LinearMap", "SingleLayerMLP", "TwoLayerMLP"])
def test_layers_and_nets_are_transforms(name: str) -> None:
    assert issubclass(getattr(mlp, name), mlp.Transform)


def test_random_weight_init_is_one_uniform_draw_within_the_glorot_bound() -> None:
    np.random.seed(SEED)
    weight = mlp.random_weight_init(30, 20)
    bound = np.sqrt(6.0 / 50)
    close(weight, (2 * np.random.RandomState(SEED).random_sample((20, 30)) - 1) * bound)
    assert 0.95 * bound < np.abs(weight).max() <= bound


def test_zeros_bias_init_is_a_column() -> None:
    close(mlp.zeros_bias_init(4), np.zeros((4, 1)))


def test_labels2onehot_has_one_true_in_each_row() -> None:
    onehot = mlp.labels2onehot(np.array([2, 0, 13]))
    assert onehot.dtype == np.bool_
    assert onehot.shape == (3, 14)
    assert [row.nonzero()[0].tolist() for row in onehot] == [[2], [0], [13]]


# LinearMap


@pytest.mark.parametrize(("indim", "outdim", "batch"), SIZES)
def test_linear_map_starts_from_the_helpers(indim: int, outdim: int, batch: int) -> None:
    np.random.seed(SEED)
    layer = mlp.LinearMap(indim, outdim)
    np.random.seed(SEED)
    close(layer.getW(), mlp.random_weight_init(indim, outdim))
    close(layer.getb(), np.zeros((outdim, 1)))


@pytest.mark.parametrize(("indim", "outdim", "batch"), SIZES)
def test_linear_map_agrees_with_autograd(indim: int, outdim: int, batch: int) -> None:
    rng = np.random.default_rng(SEED)
    w, b = rng.normal(size=(outdim, indim)), rng.normal(size=(outdim, 1))
    x, g = rng.normal(size=(indim, batch)), rng.normal(size=(outdim, batch))
    layer = mlp.LinearMap(indim, outdim, lr=1.0)
    layer.loadparams(w, b)
    y, dx = layer.forward(x), layer.backward(g)

    tx, tw, tb = tensor(x), tensor(w), tensor(b)
    ty = torch.nn.functional.linear(tx.T, tw, tb[:, 0]).T
    torch.autograd.backward(ty, torch.from_numpy(g))
    close(y, ty)
    close(dx, gradient(tx))
    # With lr = 1 and no momentum a step is the gradient itself.
    layer.step()
    close(w - layer.getW(), gradient(tw))
    close(b - layer.getb(), gradient(tb))


@pytest.mark.parametrize("alpha", [0, 0.3, 0.9])
@pytest.mark.parametrize("backwards", [1, 2])
@pytest.mark.parametrize(("indim", "outdim", "batch"), SIZES)
def test_momentum_and_accumulation_agree_with_torch_sgd(
    indim: int, outdim: int, batch: int, backwards: int, alpha: float
) -> None:
    rng = np.random.default_rng(SEED)
    w, b = rng.normal(size=(outdim, indim)), rng.normal(size=(outdim, 1))
    layer = mlp.LinearMap(indim, outdim, alpha=alpha, lr=0.05)
    layer.loadparams(w.copy(), b.copy())
    tw, tb = tensor(w), tensor(b)
    optimiser = torch.optim.SGD([tw, tb], lr=0.05, momentum=alpha)
    for _ in range(5):
        layer.zerograd()
        optimiser.zero_grad()
        for _ in range(backwards):
            x, g = rng.normal(size=(indim, batch)), rng.normal(size=(outdim, batch))
            tx = tensor(x)
            ty = tw @ tx + tb
            torch.autograd.backward(ty, torch.from_numpy(g))
            close(layer.forward(x), ty)
            close(layer.backward(g), gradient(tx))
        layer.step()
        optimiser.step()
        close(layer.getW(), tw)
        close(layer.getb(), tb)


def test_steps_without_zerograd_go_on_with_the_sum() -> None:
    """Two backward calls with a step after each: the second step's gradient is g1 + g2 (closed form)."""
    alpha, lr, g1, g2 = 0.4, 0.1, 3.0, -7.0
    layer = mlp.LinearMap(1, 1, alpha=alpha, lr=lr)
    layer.loadparams(np.array([[2.0]]), np.array([[1.0]]))
    layer.forward(np.array([[1.0]]))
    for g in (g1, g2):
        layer.backward(np.array([[g]]))
        layer.step()
    moved = lr * g1 + lr * (alpha * g1 + g1 + g2)
    close(layer.getW(), np.array([[2.0 - moved]]))
    close(layer.getb(), np.array([[1.0 - moved]]))


def test_momentum_goes_on_after_zerograd() -> None:
    """After one gradient g the velocities are g, αg, α²g, ...: a geometric series."""
    alpha, steps = 0.7, 6
    layer = mlp.LinearMap(1, 1, alpha=alpha, lr=1.0)
    layer.loadparams(np.array([[0.0]]), np.array([[0.0]]))
    layer.forward(np.array([[1.0]]))
    layer.backward(np.array([[1.0]]))
    for _ in range(steps):
        layer.step()
        layer.zerograd()
    close(layer.getW(), np.array([[-(1 - alpha**steps) / (1 - alpha)]]))


def test_backward_needs_no_new_forward_after_zerograd_and_step() -> None:
    """The course's tests call backward again: the input is the old one, W is the new one."""
    rng = np.random.default_rng(SEED)
    x, g = rng.normal(size=(3, 7)), rng.normal(size=(5, 7))
    layer = mlp.LinearMap(3, 5, lr=0.5)
    layer.forward(x)
    first = layer.backward(g)
    layer.step()
    layer.zerograd()
    moved = layer.getW().copy()
    second = layer.backward(2 * g)
    assert not np.allclose(second, 2 * first)
    close(second, np.einsum("oi,ob->ib", moved, 2 * g))
    layer.step()
    close(layer.getW(), moved - 0.5 * np.einsum("ob,ib->oi", 2 * g, x))


def test_chain_rule_of_the_recitation() -> None:
    """The recitation, multivariate chain rule: g1 = 3x, g2 = 5x, f = 2 z1 + 7 z2 has the slope 2·3 + 7·5 = 41."""
    inner, outer = mlp.LinearMap(1, 2), mlp.LinearMap(2, 1)
    inner.loadparams(np.array([[3.0], [5.0]]), np.zeros((2, 1)))
    outer.loadparams(np.array([[2.0, 7.0]]), np.zeros((1, 1)))
    outer.forward(inner.forward(np.array([[1.5]])))
    close(inner.backward(outer.backward(np.array([[1.0]]))), np.array([[41.0]]))


# ReLU and dropout


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("shape", [(3, 7), (20, 4)])
def test_relu_agrees_with_autograd(shape: tuple[int, int], train: bool) -> None:
    rng = np.random.default_rng(SEED)
    x, g = rng.normal(size=shape), rng.normal(size=shape)
    before = x.copy()
    layer = mlp.ReLU()
    tx = tensor(x)
    ty = torch.relu(tx)
    torch.autograd.backward(ty, torch.from_numpy(g))
    close(layer.forward(x, train=train), ty)
    close(layer.backward(g), gradient(tx))
    assert np.array_equal(x, before)


@pytest.mark.parametrize("p", [0, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("shape", [(3, 7), (20, 4)])
def test_dropout_keeps_where_the_one_draw_exceeds_p(shape: tuple[int, int], p: float) -> None:
    rng = np.random.default_rng(SEED)
    x, g = rng.normal(size=shape), rng.normal(size=shape)
    stream = np.random.RandomState(SEED)
    mask = stream.uniform(0, 1, shape) > p

    np.random.seed(SEED)
    layer = mlp.ReLU(p)
    y = layer.forward(x)
    assert np.random.uniform() == stream.uniform(), "forward drew something else, too"

    tx = tensor(x)
    ty = torch.relu(tx) * torch.from_numpy(mask)
    torch.autograd.backward(ty, torch.from_numpy(g))
    close(y, ty)
    close(layer.backward(g), gradient(tx))


@pytest.mark.parametrize("p", [0.2, 0.8])
def test_evaluation_is_the_mean_over_masks_and_draws_nothing(p: float) -> None:
    rng = np.random.default_rng(SEED)
    x, g = rng.normal(size=(3, 7)), rng.normal(size=(3, 7))
    layer = mlp.ReLU(p)
    np.random.seed(SEED)
    y = layer.forward(x, train=False)
    dx = layer.backward(g)
    assert np.random.uniform() == np.random.RandomState(SEED).uniform()

    tx = tensor(x)
    ty = (1 - p) * torch.relu(tx)
    torch.autograd.backward(ty, torch.from_numpy(g))
    close(y, ty)
    close(dx, gradient(tx))
    mean = layer.forward(np.repeat(x[:, :, None], 20_000, axis=2)).mean(axis=2)
    np.testing.assert_allclose(mean, y, atol=0.05)


# Loss


@pytest.mark.parametrize(("classes", "batch"), [(3, 7), (19, 4), (14, 1)])
def test_loss_agrees_with_torch(classes: int, batch: int) -> None:
    rng = np.random.default_rng(SEED)
    logits, labels = 3 * rng.normal(size=(classes, batch)), one_hot(rng, classes, batch)
    before = logits.copy()
    loss = mlp.SoftmaxCrossEntropyLoss()
    value = loss.forward(logits, labels)

    tz = tensor(logits)
    expected = torch.nn.functional.cross_entropy(tz.T, torch.from_numpy(labels.argmax(axis=0)))
    torch.autograd.backward(expected)
    assert np.shape(value) == ()
    assert value == pytest.approx(expected.item(), rel=1e-12)
    close(loss.backward(), gradient(tz))
    assert np.array_equal(logits, before)


def test_loss_of_equal_logits_is_log_of_the_number_of_classes() -> None:
    loss = mlp.SoftmaxCrossEntropyLoss()
    assert loss.forward(np.full((5, 3), 0.7), one_hot(np.random.default_rng(0), 5, 3)) == pytest.approx(np.log(5))


def test_loss_is_finite_for_huge_logits() -> None:
    """Shifting every logit of a column by the same amount changes nothing, and p = 0 beside it does no harm."""
    loss = mlp.SoftmaxCrossEntropyLoss()
    labels = np.array([[True, False], [False, True]])
    logits = np.array([[2000.0, 3000.0], [1000.0, 1000.0]])
    assert loss.forward(logits, labels) == pytest.approx((0 + 2000) / 2)
    close(loss.backward(), np.array([[0.0, 0.5], [0.0, -0.5]]))


def test_accuracy_is_the_share_of_hits() -> None:
    loss = mlp.SoftmaxCrossEntropyLoss()
    labels = np.eye(3, dtype=bool)[:, [0, 1, 2, 2]]
    loss.forward(np.eye(3)[:, [0, 1, 1, 2]], labels)
    assert loss.getAccu() == 0.75


# Nets


@pytest.mark.parametrize(("indim", "hidden", "outdim", "batch"), NETS)
def test_nets_have_the_layers_they_are_asked_for(indim: int, hidden: tuple[int, ...], outdim: int, batch: int) -> None:
    dims = (indim, *hidden, outdim)
    net = make_net(dims, seed=SEED)
    np.random.seed(SEED)
    expected = [mlp.random_weight_init(before, after) for before, after in pairwise(dims)]
    for actual, weight in zip(net.getWs(), expected, strict=True):
        close(actual, weight)
    for actual, size in zip(net.getbs(), dims[1:], strict=True):
        close(actual, np.zeros((size, 1)))


def test_nets_have_hidden_layers_of_100_by_default() -> None:
    assert [W.shape for W in mlp.SingleLayerMLP(20, 19).getWs()] == [(100, 20), (19, 100)]
    assert [W.shape for W in mlp.TwoLayerMLP(20, 19).getWs()] == [(100, 20), (100, 100), (19, 100)]


@pytest.mark.parametrize("p", [0, 0.3])
@pytest.mark.parametrize("alpha", [0.1, 0.8])
@pytest.mark.parametrize(("indim", "hidden", "outdim", "batch"), NETS)
def test_nets_train_as_torch_does(
    indim: int, hidden: tuple[int, ...], outdim: int, batch: int, alpha: float, p: float
) -> None:
    """Five steps with new data, two backward calls before the third; then an evaluation."""
    rng = np.random.default_rng(SEED)
    dims = (indim, *hidden, outdim)
    Ws, bs = random_parameters(rng, dims)
    net = make_net(dims, alpha, p, lr=0.2)
    net.loadparams([W.copy() for W in Ws], [b.copy() for b in bs])
    tWs, tbs = [tensor(W) for W in Ws], [tensor(b) for b in bs]
    optimiser = torch.optim.SGD([*tWs, *tbs], lr=0.2, momentum=alpha)
    loss = mlp.SoftmaxCrossEntropyLoss()
    np.random.seed(SEED)
    stream = np.random.RandomState(SEED)

    for step in range(5):
        net.zerograd()
        optimiser.zero_grad()
        for _ in range(2 if step == 2 else 1):
            x, labels = rng.normal(size=(indim, batch)), one_hot(rng, outdim, batch)
            masks = [stream.uniform(0, 1, (size, batch)) > p for size in hidden]
            tx = tensor(x)
            tz = torch_net(tx, tWs, tbs, masks)
            expected = torch.nn.functional.cross_entropy(tz.T, torch.from_numpy(labels.argmax(axis=0)))
            torch.autograd.backward(expected)
            logits = net.forward(x)
            close(logits, tz)
            assert loss.forward(logits, labels) == pytest.approx(expected.item(), rel=1e-10)
            close(net.backward(loss.backward()), gradient(tx))
        net.step()
        optimiser.step()
        for actual, weight in zip([*net.getWs(), *net.getbs()], [*tWs, *tbs], strict=True):
            close(actual, weight)

    x = rng.normal(size=(indim, batch))
    close(net.forward(x, train=False), torch_net(tensor(x), tWs, tbs, [1 - p] * len(hidden)))


@pytest.mark.parametrize(("indim", "hidden", "outdim", "batch"), NETS)
def test_nets_go_backward_again_without_a_new_forward(
    indim: int, hidden: tuple[int, ...], outdim: int, batch: int
) -> None:
    """As the course's tests do after step and zerograd, with lr = 0 so that both passes see the same weights."""
    rng = np.random.default_rng(SEED)
    net = make_net((indim, *hidden, outdim), dropout_probability=0.3, lr=0.0)
    g = rng.normal(size=(outdim, batch))
    net.forward(rng.normal(size=(indim, batch)))
    first = net.backward(g)
    net.step()
    net.zerograd()
    close(net.backward(g), first)


def test_getters_and_loadparams_share_no_array_with_a_later_step() -> None:
    rng = np.random.default_rng(SEED)
    Ws, bs = random_parameters(rng, (4, 6, 3))
    given = [a.copy() for a in [*Ws, *bs]]
    net = make_net((4, 6, 3), lr=0.5)
    net.loadparams(Ws, bs)
    seen = [*net.getWs(), *net.getbs()]
    net.forward(rng.normal(size=(4, 5)))
    net.backward(rng.normal(size=(3, 5)))
    net.step()
    for before, loaded, got, after in zip(given, [*Ws, *bs], seen, [*net.getWs(), *net.getbs()], strict=True):
        assert np.array_equal(before, loaded)
        assert np.array_equal(before, got)
        assert not np.array_equal(before, after)


@pytest.mark.parametrize("hidden", [(12,), (12, 9)])
def test_training_loop_of_the_recitation_learns(hidden: tuple[int, ...]) -> None:
    """The recitation: for each epoch shuffle; for each batch reset, forward, loss, backward, apply."""
    rng = np.random.default_rng(SEED)
    centres = 2 * rng.normal(size=(5, 3))
    y = rng.integers(3, size=60)
    x = centres[:, y] + 0.3 * rng.normal(size=(5, 60))
    labels = np.arange(3)[:, None] == y
    net, loss = make_net((5, *hidden, 3), alpha=0.5, lr=0.1, seed=SEED), mlp.SoftmaxCrossEntropyLoss()
    before = loss.forward(net.forward(x, train=False), labels)
    for _ in range(10):
        order = rng.permutation(60)
        for batch in np.split(order, 6):
            net.zerograd()
            loss.forward(net.forward(x[:, batch]), labels[:, batch])
            net.backward(loss.backward())
            net.step()
    assert loss.forward(net.forward(x, train=False), labels) < 0.1 * before
    assert loss.getAccu() == 1
