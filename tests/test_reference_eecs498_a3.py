"""The reference of eecs498_a3 against independent oracles, and against every number that its course published.

Oracles: torch's own layers with autograd in float64, torch.optim, and central differences written here.
"interface" means the handout's names, arguments and defaults, "published" the numbers in the course's notebook.
"the report" and "the summary" are the two write-ups of the homework on which the assignment is based.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from reference_loader import load_reference
from torch import Tensor
from torch.testing import assert_close

MODULES = load_reference(
    "eecs498_a3",
    path=[".", "../../testcases/eecs498_a3/helpers"],
    names=["fully_connected_networks", "a3_helper", "eecs598", "usefuns", "libs", "eces681", "libs.grad"],
)
fcn = MODULES.fully_connected_networks
helper = MODULES.a3_helper
eecs598 = MODULES.eecs598
Config = dict[str, Any]

F64 = torch.float64


@pytest.fixture
def gen() -> torch.Generator:
    return torch.Generator().manual_seed(498)


def randn(gen: torch.Generator, *shape: int, dtype: torch.dtype = F64) -> Tensor:
    return torch.randn(*shape, generator=gen, dtype=dtype)


def line(start: float, stop: float, *shape: int) -> Tensor:
    """Return the numbers from start to stop in equal steps, in the shape given: how the course makes its inputs."""
    return torch.linspace(start, stop, math.prod(shape), dtype=F64).reshape(shape)


def rows(*numbers: Sequence[float]) -> Tensor:
    return torch.tensor(numbers, dtype=F64)


def leaf(x: Tensor) -> Tensor:
    return x.clone().requires_grad_()


def assert_published(actual: Tensor, expected: Tensor) -> None:
    """Assert equality up to half a unit of the eighth decimal, to which the course prints its arrays."""
    assert_close(actual, expected, rtol=0, atol=5.1e-9)


def rel_error(x: Tensor, y: Tensor) -> float:
    """Return max|x − y| / max(|x| + |y|), the measure in which the course prints its errors."""
    return float((x - y).abs().max() / (x.abs() + y.abs()).max())


def numeric_error(f: Callable[[], Tensor], x: Tensor, gradient: Tensor, h: float = 1e-7, most: int = 80) -> float:
    """Return the relative error of `gradient` against the slopes of the scalar f(), which reads x.

    h is the course's step. Of a large x, about `most` elements, spread evenly, are looked at.
    """
    places = list(itertools.product(*map(range, x.shape)))[:: max(x.numel() // most, 1)]
    slopes = []
    for index in places:
        kept = x[index].item()
        x[index] = kept + h
        above = float(f())
        x[index] = kept - h
        slopes.append((above - float(f())) / (2 * h))
        x[index] = kept
    return rel_error(torch.stack([gradient[index] for index in places]), torch.tensor(slopes, dtype=F64))


# Layers

LINEAR_SHAPES = [((1,), 1), ((4,), 5), ((3, 4), 6), ((2, 3, 7), 4)]


@pytest.mark.parametrize("n", [1, 3, 8])
@pytest.mark.parametrize(("dims", "m"), LINEAR_SHAPES)
def test_linear_equals_autograd(gen: torch.Generator, n: int, dims: tuple[int, ...], m: int) -> None:
    x, w, b = randn(gen, n, *dims), randn(gen, math.prod(dims), m), randn(gen, m)
    dout = randn(gen, n, m)
    xl, wl, bl = leaf(x), leaf(w), leaf(b)
    expected = F.linear(xl.flatten(1), wl.t(), bl)
    expected_grads = torch.autograd.grad(expected, (xl, wl, bl), dout)

    before = [v.clone() for v in (x, w, b, dout)]
    out, cache = fcn.Linear.forward(x, w, b)
    grads = fcn.Linear.backward(dout, cache)
    assert_close(out, expected.detach())
    assert_close(grads, expected_grads)
    assert_close([x, w, b, dout], before, rtol=0, atol=0)
    assert [v is u for v, u in zip(cache, (x, w, b), strict=True)] == [True] * 3


def test_linear_takes_an_input_that_is_not_contiguous(gen: torch.Generator) -> None:
    x, w, b = randn(gen, 6, 3).t(), randn(gen, 6, 4), randn(gen, 4)
    _, cache = fcn.Linear.forward(x, w, b)
    dx, _, _ = fcn.Linear.backward(randn(gen, 4, 3).t(), cache)
    assert dx.shape == (3, 6)


def test_linear_published() -> None:
    """Published: Linear.forward."""
    x, w, b = line(-0.1, 0.5, 2, 4, 5, 6), line(-0.2, 0.3, 120, 3), line(-0.3, 0.1, 3)
    out, _ = fcn.Linear.forward(x, w, b)
    expected = rows([1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.51413270, 3.77273342])
    assert_published(out, expected)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (2, 3, 4)])
def test_relu_equals_autograd(gen: torch.Generator, shape: tuple[int, ...]) -> None:
    x, dout = randn(gen, *shape), randn(gen, *shape)
    before = x.clone()
    xl = leaf(x)
    expected = F.relu(xl)
    (expected_dx,) = torch.autograd.grad(expected, xl, dout)

    out, cache = fcn.ReLU.forward(x)
    assert_close(out, expected.detach())
    assert_close(fcn.ReLU.backward(dout, cache), expected_dx)
    assert_close(x, before, rtol=0, atol=0)
    assert out.data_ptr() != x.data_ptr()
    assert cache is x


def test_relu_published() -> None:
    """Published: ReLU.forward."""
    out, _ = fcn.ReLU.forward(line(-0.5, 0.5, 3, 4))
    expected = rows([0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5])
    assert_published(out, expected)


@pytest.mark.parametrize(("dims", "m"), LINEAR_SHAPES)
def test_linear_relu_equals_autograd(gen: torch.Generator, dims: tuple[int, ...], m: int) -> None:
    x, w, b, dout = randn(gen, 5, *dims), randn(gen, math.prod(dims), m), randn(gen, m), randn(gen, 5, m)
    xl, wl, bl = leaf(x), leaf(w), leaf(b)
    expected = F.relu(F.linear(xl.flatten(1), wl.t(), bl))
    expected_grads = torch.autograd.grad(expected, (xl, wl, bl), dout)

    out, cache = fcn.Linear_ReLU.forward(x, w, b)
    assert_close(out, expected.detach())
    assert_close(fcn.Linear_ReLU.backward(dout, cache), expected_grads)


def test_layer_methods_are_static() -> None:
    layers = (fcn.Linear, fcn.ReLU, fcn.Linear_ReLU, fcn.Dropout)
    assert all(isinstance(vars(layer)[name], staticmethod) for layer in layers for name in ("forward", "backward"))


# Losses of the helper


@pytest.mark.parametrize(("n", "c"), [(1, 2), (4, 7), (9, 3)])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_softmax_loss_equals_autograd(gen: torch.Generator, n: int, c: int, scale: float) -> None:
    x = scale * randn(gen, n, c)
    y = torch.randint(c, (n,), generator=gen)
    xl = leaf(x)
    expected = F.cross_entropy(xl, y)
    (expected_dx,) = torch.autograd.grad(expected, xl)
    assert_close(helper.softmax_loss(x, y), (expected.detach(), expected_dx))


@pytest.mark.parametrize(("n", "c"), [(1, 2), (4, 7), (9, 3)])
def test_svm_loss_equals_autograd(gen: torch.Generator, n: int, c: int) -> None:
    x, y = randn(gen, n, c), torch.randint(c, (n,), generator=gen)
    xl = leaf(x)
    # torch divides the sum of a row by C where the course doesn't.
    expected = c * F.multi_margin_loss(xl, y)
    (expected_dx,) = torch.autograd.grad(expected, xl)
    assert_close(helper.svm_loss(x, y), (expected.detach(), expected_dx))


# Networks


def autograd_loss(
    params: dict[str, Tensor], X: Tensor, y: Tensor, l2: float, masks: Sequence[Tensor] = ()
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return cross-entropy + l2 · Σ W² of the network, and its gradients by autograd."""
    leaves = {name: leaf(value) for name, value in params.items()}
    last = len(leaves) // 2
    out = X.flatten(1)
    for layer in range(1, last + 1):
        out = F.linear(out, leaves[f"W{layer}"].t(), leaves[f"b{layer}"])
        if layer < last:
            out = F.relu(out)
            out = out * masks[layer - 1] if masks else out
    decay = sum((leaves[f"W{layer}"].square().sum() for layer in range(1, last + 1)), torch.zeros((), dtype=F64))
    loss = F.cross_entropy(out, y) + l2 * decay
    grads = torch.autograd.grad(loss, list(leaves.values()))
    return loss.detach(), dict(zip(leaves, grads, strict=True))


def assert_gradients(actual: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert sorted(actual) == sorted(expected)
    for name, value in expected.items():
        assert actual[name].dtype == value.dtype
    assert_close({name: actual[name] for name in expected}, expected)


def published_two_layer() -> tuple[Any, Tensor, Tensor]:
    """Return the net, X and y that the published numbers of TwoLayerNet belong to."""
    n, d, h, c = 3, 5, 50, 7
    net = fcn.TwoLayerNet(input_dim=d, hidden_dim=h, num_classes=c, dtype=F64)
    net.params = {
        "W1": line(-0.7, 0.3, d, h),
        "b1": line(-0.1, 0.9, h),
        "W2": line(-0.3, 0.4, h, c),
        "b2": line(-0.9, 0.1, c),
    }
    return net, line(-5.5, 4.5, d, n).t(), torch.tensor([0, 5, 1])


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_two_layer_initialisation(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    net = fcn.TwoLayerNet(input_dim=300, hidden_dim=70, num_classes=11, weight_scale=0.02, dtype=dtype)
    shapes = {name: tuple(value.shape) for name, value in net.params.items()}
    assert shapes == {"W1": (300, 70), "b1": (70,), "W2": (70, 11), "b2": (11,)}
    assert all(value.dtype == dtype for value in net.params.values())
    for name in ("W1", "W2"):
        weights = net.params[name]
        # Five deviations of the estimates for a normal distribution of this many numbers.
        assert abs(weights.mean().item()) < 5 * 0.02 / math.sqrt(weights.numel())
        assert weights.std().item() == pytest.approx(0.02, rel=5 / math.sqrt(2 * weights.numel()))
        assert (weights.abs() > 2 * 0.02).any()  # a uniform draw of this deviation ends at 1.73 of it
    assert not net.params["b1"].any()
    assert not net.params["b2"].any()


def test_two_layer_defaults() -> None:
    """Interface: the arguments of TwoLayerNet."""
    net = fcn.TwoLayerNet()
    assert net.params["W1"].shape == (3072, 100)
    assert net.params["W2"].shape == (100, 10)
    assert net.reg == 0.0


def test_two_layer_published_scores() -> None:
    """Published: TwoLayerNet, row 0 of the scores."""
    net, X, _ = published_two_layer()
    expected = rows([11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096])
    assert_published(net.loss(X)[:1], expected)


@pytest.mark.parametrize(("reg", "published", "atol"), [(0.0, 3.4702243556, 5.1e-11), (1.0, 49.719461034881775, 1e-12)])
def test_two_layer_published_loss(reg: float, published: float, atol: float) -> None:
    """Published: TwoLayerNet, loss without and with regularisation."""
    net, X, y = published_two_layer()
    net.reg = reg
    loss, _ = net.loss(X, y)
    assert loss.item() == pytest.approx(published, rel=0, abs=atol)


@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_two_layer_published_gradient_level(reg: float) -> None:
    """The summary's checks at reg 0 and 0.7 print errors up to 2.28e-6: a bound of 1e-6 would fail right code."""
    net, X, y = published_two_layer()
    net.reg = reg
    _, grads = net.loss(X, y)
    for name, value in net.params.items():
        assert numeric_error(lambda: net.loss(X, y)[0], value, grads[name]) < 5e-6, name


@pytest.mark.parametrize("reg", [0.0, 0.7])
@pytest.mark.parametrize(("n", "dims", "h", "c"), [(1, (2,), 3, 4), (5, (3, 4), 7, 6), (8, (11,), 5, 2)])
def test_two_layer_equals_autograd(
    gen: torch.Generator, n: int, dims: tuple[int, ...], h: int, c: int, reg: float
) -> None:
    torch.manual_seed(1)
    net = fcn.TwoLayerNet(math.prod(dims), h, c, weight_scale=0.5, reg=reg, dtype=F64)
    net.params["b1"], net.params["b2"] = randn(gen, h), randn(gen, c)
    X, y = randn(gen, n, *dims), torch.randint(c, (n,), generator=gen)

    expected_loss, expected_grads = autograd_loss(net.params, X, y, l2=reg)
    loss, grads = net.loss(X, y)
    assert_close(loss, expected_loss)
    assert_gradients(grads, expected_grads)
    assert net.loss(X).shape == (n, c)


FC_DIMS = [[], [7], [7, 6], [7, 6, 8], [7, 6, 8, 5]]


@pytest.mark.parametrize("reg", [0.0, 3.14])
@pytest.mark.parametrize("hidden", FC_DIMS[1:], ids=lambda dims: f"L{len(dims) + 1}")
def test_fc_equals_autograd(gen: torch.Generator, hidden: list[int], reg: float) -> None:
    torch.manual_seed(2)
    net = fcn.FullyConnectedNet(hidden, input_dim=12, num_classes=4, reg=reg, weight_scale=0.6, dtype=F64)
    for layer in range(1, net.num_layers + 1):
        net.params[f"b{layer}"] = randn(gen, *net.params[f"b{layer}"].shape)
    X, y = randn(gen, 9, 3, 4), torch.randint(4, (9,), generator=gen)

    expected_loss, expected_grads = autograd_loss(net.params, X, y, l2=0.5 * reg)
    loss, grads = net.loss(X, y)
    assert_close(loss, expected_loss)
    assert_gradients(grads, expected_grads)


@pytest.mark.parametrize("p", [0.25, 0.7])
@pytest.mark.parametrize("hidden", FC_DIMS[1:], ids=lambda dims: f"L{len(dims) + 1}")
def test_fc_dropout_equals_autograd(gen: torch.Generator, hidden: list[int], p: float) -> None:
    net = fcn.FullyConnectedNet(hidden, 12, 4, dropout=p, reg=0.3, weight_scale=0.6, seed=11, dtype=F64)
    X, y = randn(gen, 9, 12), torch.randint(4, (9,), generator=gen)
    # A seeded layer's mask is its output for ones; that Dropout itself is right is tested further down.
    param = {"mode": "train", "p": p, "seed": 11}
    masks = [fcn.Dropout.forward(torch.ones(9, h, dtype=F64), param)[0] for h in hidden]
    assert all(0 < int((mask == 0).sum()) < mask.numel() for mask in masks)

    expected_loss, expected_grads = autograd_loss(net.params, X, y, l2=0.15, masks=masks)
    loss, grads = net.loss(X, y)
    assert_close(loss, expected_loss)
    assert_gradients(grads, expected_grads)


@pytest.mark.parametrize("hidden", FC_DIMS, ids=lambda dims: f"L{len(dims) + 1}")
def test_fc_initialisation(hidden: list[int]) -> None:
    net = fcn.FullyConnectedNet(hidden, input_dim=12, num_classes=4, dtype=F64)
    dims = [12, *hidden, 4]
    assert net.num_layers == len(hidden) + 1
    assert sorted(net.params) == sorted(f"{kind}{layer + 1}" for kind in "Wb" for layer in range(len(hidden) + 1))
    for layer, shape in enumerate(itertools.pairwise(dims), start=1):
        assert net.params[f"W{layer}"].shape == shape
        assert not net.params[f"b{layer}"].any()
    assert (net.use_dropout, net.reg, net.dtype, net.dropout_param) == (False, 0.0, F64, {})


def test_fc_weight_scale() -> None:
    torch.manual_seed(3)
    net = fcn.FullyConnectedNet([80, 60], input_dim=90, num_classes=70, weight_scale=0.04)
    for layer in (1, 2, 3):
        weights = net.params[f"W{layer}"]
        assert weights.std().item() == pytest.approx(0.04, rel=5 / math.sqrt(2 * weights.numel()))


def test_fc_dropout_settings() -> None:
    net = fcn.FullyConnectedNet([5], dropout=0.3, seed=4)
    assert net.use_dropout
    assert net.dropout_param == {"mode": "train", "p": 0.3, "seed": 4}
    assert "seed" not in fcn.FullyConnectedNet([5], dropout=0.3).dropout_param


def test_fc_test_mode_drops_nothing(gen: torch.Generator) -> None:
    torch.manual_seed(5)
    net = fcn.FullyConnectedNet([20, 30], 6, 4, dropout=0.6, weight_scale=0.5, dtype=F64)
    X, y = randn(gen, 8, 6), torch.randint(4, (8,), generator=gen)
    h1 = F.relu(X @ net.params["W1"] + net.params["b1"])
    h2 = F.relu(h1 @ net.params["W2"] + net.params["b2"])
    expected = h2 @ net.params["W3"] + net.params["b3"]
    net.loss(X, y)  # leaves the layer in training mode, which the next call must undo
    assert_close(net.loss(X), expected)
    losses = {net.loss(X, y)[0].item() for _ in range(4)}
    assert len(losses) == 4  # unseeded masks are fresh


PUBLISHED_INITIAL_LOSS = {0: 2.3053575717037686, 0.25: 2.3149601124989854, 0.5: 2.3021646399354614}


@pytest.mark.parametrize("dropout", PUBLISHED_INITIAL_LOSS)
def test_fc_published_dropout_check(gen: torch.Generator, dropout: float) -> None:
    """The report, "Running check with dropout": initial losses near log 10, errors up to 1.28e-7.

    The draw was a GPU's, so the losses can be met only as near as they are to each other.
    """
    torch.manual_seed(0)
    net = fcn.FullyConnectedNet([20, 30], 15, 10, dropout=dropout, weight_scale=5e-2, seed=0, dtype=F64)
    X, y = randn(gen, 2, 15), torch.randint(10, (2,), generator=gen)
    loss, grads = net.loss(X, y)
    assert loss.item() == pytest.approx(PUBLISHED_INITIAL_LOSS[dropout], abs=0.03)
    assert loss.item() == pytest.approx(math.log(10), abs=0.03)
    for name, value in net.params.items():
        assert numeric_error(lambda: net.loss(X, y)[0], value, grads[name]) < 1e-6, name


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_fc_save_and_load(tmp_path: Path, gen: torch.Generator, dropout: float) -> None:
    net = fcn.FullyConnectedNet([7, 6, 5], 12, 4, dropout=dropout, reg=0.2, seed=9, weight_scale=0.5, dtype=F64)
    X, y = randn(gen, 9, 12), torch.randint(4, (9,), generator=gen)
    expected_scores, (expected_loss, expected_grads) = net.loss(X), net.loss(X, y)
    path = tmp_path / "net.pth"
    net.save(path)

    keys = set(torch.load(path, weights_only=True))
    assert keys == {"reg", "dtype", "params", "num_layers", "use_dropout", "dropout_param"}
    other = fcn.FullyConnectedNet([3], 2, 2)
    other.load(path, F64, "cpu")
    assert (other.reg, other.dtype, other.num_layers, other.use_dropout) == (0.2, F64, 4, dropout > 0)
    assert_close(other.loss(X), expected_scores, rtol=0, atol=0)
    loss, grads = other.loss(X, y)
    assert_close(loss, expected_loss, rtol=0, atol=0)
    assert_gradients(grads, expected_grads)

    other.load(path, torch.float32, "cpu")
    assert other.dtype == torch.float32
    assert {value.dtype for value in other.params.values()} == {torch.float32}
    # X is float64 here: the net brings it to its own dtype.
    assert other.loss(X).dtype == torch.float32


# Update rules


def descend(rule: Callable[..., tuple[Tensor, Config]], w: Tensor, grads: Sequence[Tensor], **config: Any) -> Tensor:
    """Return w after one step of `rule` for each gradient, the state handed on."""
    state: Config | None = config
    for dw in grads:
        w, state = rule(w.clone(), dw.clone(), state)
    return w


def descend_torch(optimizer: type[torch.optim.Optimizer], w: Tensor, grads: Sequence[Tensor], **kw: Any) -> Tensor:
    parameter = leaf(w)
    rule = optimizer([parameter], **kw)
    for dw in grads:
        parameter.grad = dw.clone()
        rule.step()
    return parameter.detach()


@pytest.fixture
def steps(gen: torch.Generator) -> list[Tensor]:
    # Of changing sign and scale: a constant gradient can't see a wrong beta2.
    return [10.0 ** (k % 3 - 1) * randn(gen, 4, 3) for k in range(7)]


@pytest.mark.parametrize("lr", [1e-2, 0.3])
def test_sgd_equals_torch(steps: list[Tensor], lr: float) -> None:
    w = torch.ones(4, 3, dtype=F64)
    actual = descend(fcn.sgd, w, steps, learning_rate=lr)
    assert_close(actual, descend_torch(torch.optim.SGD, w, steps, lr=lr))


@pytest.mark.parametrize(("lr", "momentum"), [(1e-2, 0.9), (0.2, 0.35)])
def test_sgd_momentum_equals_torch(steps: list[Tensor], lr: float, momentum: float) -> None:
    w = torch.ones(4, 3, dtype=F64)
    actual = descend(fcn.sgd_momentum, w, steps, learning_rate=lr, momentum=momentum)
    assert_close(actual, descend_torch(torch.optim.SGD, w, steps, lr=lr, momentum=momentum))


@pytest.mark.parametrize(("lr", "decay", "eps"), [(1e-2, 0.99, 1e-8), (0.2, 0.6, 0.05)])
def test_rmsprop_equals_torch(steps: list[Tensor], lr: float, decay: float, eps: float) -> None:
    w = torch.ones(4, 3, dtype=F64)
    actual = descend(fcn.rmsprop, w, steps, learning_rate=lr, decay_rate=decay, epsilon=eps)
    assert_close(actual, descend_torch(torch.optim.RMSprop, w, steps, lr=lr, alpha=decay, eps=eps))


@pytest.mark.parametrize(
    ("lr", "beta1", "beta2", "eps"), [(1e-3, 0.9, 0.999, 1e-8), (0.1, 0.5, 0.8, 0.05), (0.2, 0.95, 0.7, 1e-3)]
)
def test_adam_equals_torch(steps: list[Tensor], lr: float, beta1: float, beta2: float, eps: float) -> None:
    w = torch.ones(4, 3, dtype=F64)
    actual = descend(fcn.adam, w, steps, learning_rate=lr, beta1=beta1, beta2=beta2, epsilon=eps)
    assert_close(actual, descend_torch(torch.optim.Adam, w, steps, lr=lr, betas=(beta1, beta2), eps=eps))


@pytest.mark.parametrize(
    ("rule", "defaults"),
    [
        ("sgd", {"learning_rate": 1e-2}),
        ("sgd_momentum", {"learning_rate": 1e-2, "momentum": 0.9}),
        ("rmsprop", {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8}),
        ("adam", {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    ],
)
def test_rule_defaults(rule: str, defaults: Config) -> None:
    """Interface: the defaults of config; without one the rule makes its own."""
    w, dw = line(-1, 1, 2, 3), line(2, 1, 2, 3)
    expected, _ = getattr(fcn, rule)(w, dw, dict(defaults))
    actual, config = getattr(fcn, rule)(w, dw)
    assert_close(actual, expected, rtol=0, atol=0)
    assert {key: config[key] for key in defaults} == defaults


W, DW, STATE = line(-0.4, 0.6, 4, 5), line(-0.6, 0.4, 4, 5), line(0.6, 0.9, 4, 5)  # published: the optimisers' inputs


def test_sgd_momentum_published() -> None:
    """The published inputs. Everything is linear here, so the expected arrays are lines between two exact ends.

    The report prints no array for momentum; the four decimals of the ends are those of the course's notebook.
    """
    next_w, config = fcn.sgd_momentum(W, DW, {"learning_rate": 1e-3, "velocity": STATE.clone()})
    assert_close(next_w, line(0.1406, 1.4096, 4, 5), rtol=0, atol=1e-12)
    assert_close(config["velocity"], line(0.5406, 0.8096, 4, 5), rtol=0, atol=1e-12)


RMSPROP_W = rows(
    [-0.39223849, -0.34037513, -0.28849239, -0.23659121, -0.18467247],
    [-0.132737, -0.08078555, -0.02881884, 0.02316247, 0.07515774],
    [0.12716641, 0.17918792, 0.23122175, 0.28326742, 0.33532447],
    [0.38739248, 0.43947102, 0.49155973, 0.54365823, 0.59576619],
)
RMSPROP_CACHE = rows(
    [0.5976, 0.6126277, 0.6277108, 0.64284931, 0.65804321],
    [0.67329252, 0.68859723, 0.70395734, 0.71937285, 0.73484377],
    [0.75037008, 0.7659518, 0.78158892, 0.79728144, 0.81302936],  # the report misprints [2, 2] as 0.78158392
    [0.82883269, 0.84469141, 0.86060554, 0.87657507, 0.8926],
)


def test_rmsprop_published() -> None:
    """The report, part 2, item 1: the arrays, and the two relative errors it prints for them."""
    next_w, config = fcn.rmsprop(W, DW, {"learning_rate": 1e-2, "cache": STATE.clone()})
    assert_published(next_w, RMSPROP_W)
    assert_published(config["cache"], RMSPROP_CACHE)
    assert rel_error(RMSPROP_W, next_w) == pytest.approx(4.064797880829826e-09, rel=1e-5)
    # With the misprint this would be 2.8e-6: the printed error shows that the notebook had the right number.
    assert rel_error(RMSPROP_CACHE, config["cache"]) == pytest.approx(1.8620321382570356e-09, rel=1e-5)


ADAM_W = rows(
    [-0.40094747, -0.34836187, -0.29577703, -0.24319299, -0.19060977],
    [-0.1380274, -0.08544591, -0.03286534, 0.01971428, 0.0722929],
    [0.1248705, 0.17744702, 0.23002243, 0.28259667, 0.33516969],
    [0.38774145, 0.44031188, 0.49288093, 0.54544852, 0.59801459],
)
ADAM_V = rows(
    [0.69966, 0.68908382, 0.67851319, 0.66794809, 0.65738853],
    [0.64683452, 0.63628604, 0.6257431, 0.61520571, 0.60467385],
    [0.59414753, 0.58362676, 0.57311152, 0.56260183, 0.55209767],
    [0.54159906, 0.53110598, 0.52061845, 0.51013645, 0.49966],
)
ADAM_M = rows(
    [0.48, 0.49947368, 0.51894737, 0.53842105, 0.55789474],
    [0.57736842, 0.59684211, 0.61631579, 0.63578947, 0.65526316],
    [0.67473684, 0.69421053, 0.71368421, 0.73315789, 0.75263158],
    [0.77210526, 0.79157895, 0.81105263, 0.83052632, 0.85],
)


def test_adam_published() -> None:
    """The report, part 2, item 2: the arrays, and the three relative errors it prints for them."""
    state = {"learning_rate": 1e-2, "m": STATE.clone(), "v": line(0.7, 0.5, 4, 5), "t": 5}
    next_w, config = fcn.adam(W, DW, state)
    assert_published(next_w, ADAM_W)
    assert_published(config["v"], ADAM_V)
    assert_published(config["m"], ADAM_M)
    assert config["t"] == 6
    assert rel_error(ADAM_W, next_w) == pytest.approx(3.756728297598868e-09, rel=1e-5)
    assert rel_error(ADAM_V, config["v"]) == pytest.approx(3.4048987160545265e-09, rel=1e-5)
    assert rel_error(ADAM_M, config["m"]) == pytest.approx(2.786377729853651e-09, rel=1e-5)


# Dropout


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("p", [0.0, 0.2, 0.4, 0.75])
def test_dropout_mask(gen: torch.Generator, p: float, dtype: torch.dtype) -> None:
    x = randn(gen, 50, 40, 3, dtype=dtype)
    torch.manual_seed(6)
    out, (param, mask) = fcn.Dropout.forward(x, {"mode": "train", "p": p})
    assert param == {"mode": "train", "p": p}
    assert (out.dtype, mask.dtype) == (dtype, dtype)
    kept = torch.tensor(1 / (1 - p), dtype=dtype)
    assert bool(((mask == 0) | torch.isclose(mask, kept, rtol=1e-7, atol=0)).all())
    share = (mask == 0).double().mean().item()
    assert share == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / x.numel()))
    assert_close(out, x * mask, rtol=0, atol=0)


def test_dropout_backward_uses_the_mask_of_forward(gen: torch.Generator) -> None:
    x, dout = randn(gen, 5, 8), randn(gen, 5, 8)
    xl = leaf(x)
    out, cache = fcn.Dropout.forward(xl, {"mode": "train", "p": 0.3})
    (expected_dx,) = torch.autograd.grad(out, xl, dout)
    assert_close(fcn.Dropout.backward(dout, cache), expected_dx)


def test_dropout_is_the_identity_in_test_mode(gen: torch.Generator) -> None:
    x, dout = randn(gen, 5, 8), randn(gen, 5, 8)
    out, cache = fcn.Dropout.forward(x, {"mode": "test", "p": 0.3})
    assert_close(out, x, rtol=0, atol=0)
    assert_close(fcn.Dropout.backward(dout, cache), dout, rtol=0, atol=0)


def test_dropout_seed_repeats_the_mask() -> None:
    x = torch.ones(20, 30, dtype=F64)
    seeded = {"mode": "train", "p": 0.3, "seed": 12}
    first, second, other = (fcn.Dropout.forward(x, {**seeded, "seed": seed})[0] for seed in (12, 12, 13))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    free = {"mode": "train", "p": 0.3}
    assert not torch.equal(fcn.Dropout.forward(x, free)[0], fcn.Dropout.forward(x, free)[0])


def test_dropout_refuses_another_mode() -> None:
    with pytest.raises(ValueError, match="'eval'"):
        fcn.Dropout.forward(torch.ones(2, 3), {"mode": "eval", "p": 0.3})


# p: mean of the output in training, share of zeros in training
PUBLISHED_DROPOUT = {
    0.25: (10.008798328321282, 0.2490839958190918),
    0.4: (9.977839345169954, 0.40116000175476074),
    0.7: (10.006132149340187, 0.6999160051345825),
}


@pytest.mark.parametrize("p", PUBLISHED_DROPOUT)
def test_dropout_published_statistics(gen: torch.Generator, p: float) -> None:
    """The report, part 2, item 4. The draw was a GPU's: ours and the printed one lie in the same five deviations."""
    x = randn(gen, 500, 500) + 10
    out, _ = fcn.Dropout.forward(x, {"mode": "train", "p": p, "seed": 0})
    test, _ = fcn.Dropout.forward(x, {"mode": "test", "p": p, "seed": 0})
    published_mean, published_share = PUBLISHED_DROPOUT[p]
    mean_tolerance = 5 * math.sqrt(((x**2).mean().item() * p / (1 - p) + 1) / x.numel())
    share_tolerance = 5 * math.sqrt(p * (1 - p) / x.numel())
    for mean, share in ((out.mean().item(), (out == 0).double().mean().item()), (published_mean, published_share)):
        assert mean == pytest.approx(10, abs=mean_tolerance)
        assert share == pytest.approx(p, abs=share_tolerance)
    # Published as 9.997330335850453 both times, and as a share of 0.0.
    assert test.mean().item() == x.mean().item() == pytest.approx(9.997330335850453, abs=0.02)
    assert not (test == 0).any()


def test_dropout_published_gradient_level(gen: torch.Generator) -> None:
    """The report, part 2, item 5: p = 0.2 with a seed has an error of 3.9e-9."""
    x, dout = randn(gen, 10, 10) + 10, randn(gen, 10, 10)
    param = {"mode": "train", "p": 0.2, "seed": 0}
    _, cache = fcn.Dropout.forward(x, param)
    dx = fcn.Dropout.backward(dout, cache)
    assert numeric_error(lambda: (fcn.Dropout.forward(x, param)[0] * dout).sum(), x, dx) < 1e-6


# Solver and the other stand-ins


def made_data(gen: torch.Generator, n: int, d: int = 3072, classes: int = 10, signal: float = 0.1) -> dict[str, Tensor]:
    """Return n training and 100 validation examples: noise of the scale of centred images around class centres."""
    y = torch.randint(classes, (n + 100,), generator=gen)
    centres = signal * randn(gen, classes, d, dtype=torch.float32)
    X = centres[y] + 0.25 * randn(gen, n + 100, d, dtype=torch.float32)
    return {"X_train": X[:n], "y_train": y[:n], "X_val": X[n:], "y_val": y[n:]}


def test_create_solver_instance_learns(gen: torch.Generator) -> None:
    torch.manual_seed(7)
    solver = fcn.create_solver_instance(made_data(gen, 600), torch.float32, "cpu")
    assert solver.loss_history == []
    solver.train()
    assert solver.loss_history[0] == pytest.approx(math.log(10), abs=0.01)
    assert solver.best_val_acc > 0.9


@pytest.mark.parametrize(
    ("hidden", "params"), [([100] * 2, "get_three_layer_network_params"), ([100] * 4, "get_five_layer_network_params")]
)
def test_network_params_fit_fifty_images(gen: torch.Generator, hidden: list[int], params: str) -> None:
    """The handout's aim: 20 epochs of batches of 25 fit 50 images. Here they are noise, which is no easier."""
    torch.manual_seed(8)
    weight_scale, learning_rate = getattr(fcn, params)()
    net = fcn.FullyConnectedNet(hidden, weight_scale=weight_scale)
    settings = {"batch_size": 25, "num_epochs": 20, "optim_config": {"learning_rate": learning_rate}, "verbose": False}
    solver = eecs598.Solver(net, made_data(gen, 50, signal=0.0), update_rule=fcn.sgd, **settings)
    solver.train(return_best_params=False)
    assert max(solver.train_acc_history) == 1.0


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "rmsprop", "adam"])
def test_solver_trains_by_each_rule(gen: torch.Generator, rule: str) -> None:
    torch.manual_seed(9)
    net = fcn.FullyConnectedNet([16, 14], input_dim=12, num_classes=3, weight_scale=0.3)
    rate = {"sgd": 0.2, "sgd_momentum": 0.02, "rmsprop": 0.003, "adam": 0.01}[rule]
    solver = eecs598.Solver(
        net,
        made_data(gen, 200, d=12, classes=3, signal=1.0),
        update_rule=getattr(fcn, rule),
        optim_config={"learning_rate": rate},
        batch_size=20,
        num_epochs=6,
        verbose=False,
    )
    solver.train()
    assert solver.val_acc_history[-1] > 0.95
    assert sum(solver.loss_history[-10:]) < 0.3 * sum(solver.loss_history[:10])


class Still:
    """A model that doesn't learn and guesses class 1."""

    def __init__(self) -> None:
        self.params = {"w": torch.ones(1)}

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        if y is None:
            return torch.tensor([0.0, 1.0, 0.0]).expand(X.shape[0], 3)
        return torch.tensor(2.5), {"w": torch.ones(1)}


@pytest.mark.parametrize(
    ("n", "batch", "epochs", "steps"), [(4000, 100, 5, 200), (20000, 512, 100, 3900), (7, 9, 2, 2)]
)
def test_solver_counts_steps_as_published(n: int, batch: int, epochs: int, steps: int) -> None:
    """The report, parts 3 and 6: "Iteration 1 / 200" of 5 epochs and "Iteration 1 / 3900" of 100."""
    y = torch.arange(n) % 3
    data = {"X_train": torch.zeros(n, 1), "y_train": y, "X_val": torch.zeros(4, 1), "y_val": torch.tensor([1, 1, 1, 0])}
    solver = eecs598.Solver(
        Still(), data, batch_size=batch, num_epochs=epochs, num_train_samples=300, verbose=False, lr_decay=0.9
    )
    solver.train(return_best_params=False)
    assert len(solver.loss_history) == steps
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == epochs + 1
    assert solver.val_acc_history == [0.75] * (epochs + 1)
    assert solver.optim_configs["w"]["learning_rate"] == pytest.approx(1e-2 * 0.9**epochs)


def test_solver_keeps_the_best_parameters() -> None:
    class Wanders(Still):
        """Right while w is near 0.8."""

        def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
            if y is None:
                right = 0.75 < float(self.params["w"]) < 0.85
                return torch.tensor([[0.0, 1.0, 0.0] if right else [1.0, 0.0, 0.0]]).expand(X.shape[0], 3)
            return super().loss(X, y)

    def in_place(w: Tensor, dw: Tensor, config: Config) -> tuple[Tensor, Config]:
        w -= 0.1 * dw
        return w, config

    def solve(best: bool) -> float:
        y = torch.ones(5, dtype=torch.long)
        data = {"X_train": torch.zeros(5, 1), "y_train": y, "X_val": torch.zeros(5, 1), "y_val": y}
        solver = eecs598.Solver(Wanders(), data, update_rule=in_place, batch_size=5, num_epochs=6, verbose=False)
        solver.train(return_best_params=best)
        assert solver.val_acc_history == [0, 0, 1, 0, 0, 0, 0]
        return float(solver.model.params["w"])

    assert solve(best=True) == pytest.approx(0.8)
    assert solve(best=False) == pytest.approx(0.4)


def test_solver_prints_limits_time_and_saves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = {name: torch.zeros(8, 1) for name in ("X_train", "X_val")}
    data |= {name: torch.ones(8, dtype=torch.long) for name in ("y_train", "y_val")}
    name = tmp_path / "run"
    settings = {"batch_size": 4, "num_epochs": 2, "print_every": 3, "checkpoint_name": str(name)}
    solver = eecs598.Solver(Still(), data, device="cuda:0", **settings)
    solver.train()
    lines = capsys.readouterr().out.splitlines()
    starts = ("Solver: ", "epoch 0 / 2: ", "step 1 / 4 ", "epoch 1 / 2: ", "step 4 / 4 ", "epoch 2 / 2: ")
    assert [text.startswith(start) for text, start in zip(lines, starts, strict=True)] == [True] * 6
    assert torch.load(f"{name}_epoch_2.pkl", weights_only=True)["loss_history"] == [2.5] * 4

    solver = eecs598.Solver(Still(), data, verbose=False, num_epochs=50, batch_size=4)
    solver.train(time_limit=0)
    assert len(solver.loss_history) == 1
    assert len(solver.val_acc_history) == 2


def test_solver_refuses_an_unknown_setting() -> None:
    data = {name: torch.zeros(2) for name in ("X_train", "y_train", "X_val", "y_val")}
    with pytest.raises(ValueError, match="epochs"):
        eecs598.Solver(Still(), data, epochs=3)


def test_grad_helpers_agree_with_autograd(gen: torch.Generator, capsys: pytest.CaptureFixture[str]) -> None:
    x, weights = randn(gen, 3, 4), randn(gen, 3)
    xl = leaf(x)
    (expected,) = torch.autograd.grad((xl.sin() * xl[:, :1]).sum(dim=1), xl, weights)
    before = x.clone()
    actual = eecs598.grad.compute_numeric_gradient(lambda v: (v.sin() * v[:, :1]).sum(dim=1), x, weights)
    assert eecs598.grad.rel_error(actual, expected) < 1e-6
    assert torch.equal(x, before)

    # A loss that ignores its argument and reads the parameter elsewhere, as the course's notebooks do.
    elsewhere = {"x": x.t()}
    actual = eecs598.grad.compute_numeric_gradient(lambda _: (elsewhere["x"] ** 2).sum(), elsewhere["x"])
    assert eecs598.grad.rel_error(actual, 2 * x.t()) < 1e-6
    # The identity returns its argument itself.
    assert_close(eecs598.grad.compute_numeric_gradient(lambda v: v, x), torch.ones_like(x), rtol=1e-6, atol=0)

    eecs598.grad.grad_check_sparse(lambda v: (v**2).sum(), x, 2 * x, num_checks=5)
    errors = [float(text.split()[-1]) for text in capsys.readouterr().out.splitlines()]
    assert len(errors) == 5
    assert max(errors) < 1e-4


def test_rel_error() -> None:
    assert eecs598.grad.rel_error(torch.tensor([1.0, 4.0]), torch.tensor([1.0, 3.0])) == pytest.approx(1 / 7)
    assert eecs598.grad.rel_error(torch.zeros(2), torch.zeros(2)) == 0


def test_reset_seed() -> None:
    eecs598.reset_seed(3)
    first = torch.rand(2)
    eecs598.reset_seed(3)
    assert torch.equal(first, torch.rand(2))


@pytest.mark.parametrize("alias", ["usefuns", "libs", "eces681"])
def test_aliases_expose_the_same_objects(alias: str) -> None:
    package = getattr(MODULES, alias)
    assert all(getattr(package, name) is getattr(eecs598, name) for name in eecs598.__all__)
    assert MODULES.libs_grad is eecs598.grad


@pytest.mark.parametrize("call", [helper.get_CIFAR10_data, eecs598.data.cifar10, eecs598.data.preprocess_cifar10])
def test_data_is_not_here(call: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError, match="CIFAR-10 is not on the grader"):
        call()


def test_plots_draw_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for call in (helper.plot_stats, helper.plot_acc_curves, helper.show_net_weights, eecs598.visualize_dataset):
        call({})
    assert capsys.readouterr().out.count("nothing is drawn") == 4
    assert eecs598.tensor_to_image(torch.ones(3, 2, 5)).shape == (2, 5, 3)
