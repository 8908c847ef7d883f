"""The reference of cs231n_a2 against independent oracles, and against numbers that its course published.

Oracles: torch's layers with autograd in float64, torch.optim, and central differences written here.
"published" means numbers in the course's notebooks.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from float64 import Array, close, gradient, tensor
from reference_loader import load_reference

MODULES = load_reference("cs231n_a2", path=["."], names=["cs231n.layers", "cs231n.optim", "cs231n.im2col"])
layers = MODULES.cs231n_layers
optim = MODULES.cs231n_optim
im2col = MODULES.cs231n_im2col
SEED = 231
Config = dict[str, Any]


@pytest.fixture
def rng() -> np.random.RandomState:
    return np.random.RandomState(SEED)


def line(start: float, stop: float, *shape: int) -> Array:
    """Return the numbers from start to stop in equal steps, in this shape: how the course makes its inputs."""
    return np.linspace(start, stop, math.prod(shape)).reshape(shape)


def published(actual: Array, expected: Sequence[Any]) -> None:
    """Demand equality up to half a unit of the eighth decimal, to which the course prints its arrays."""
    wanted = np.array(expected)
    assert actual.shape == wanted.shape
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=5.1e-9)


def differences(f: Callable[[], Array], x: Array, dout: Array, h: float = 1e-5) -> Array:
    """Return the gradient of sum(f() * dout) with respect to x, which f reads, by central differences."""
    slopes = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        kept = x[place]
        x[place] = kept + h
        above = float(np.sum(f() * dout))
        x[place] = kept - h
        slopes[place] = (above - float(np.sum(f() * dout))) / (2 * h)
        x[place] = kept
    return slopes


def check_layer(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    oracle: Callable[..., torch.Tensor],
    arrays: Sequence[Array],
    rng: np.random.RandomState,
) -> None:
    """Compare both passes with torch's and with central differences, and see that no argument is changed."""
    before = [array.copy() for array in arrays]
    out, cache = forward(*arrays)
    dout = rng.normal(size=out.shape)
    dout_before = dout.copy()
    found = backward(dout, cache)
    grads = found if isinstance(found, tuple) else (found,)

    leaves = [tensor(array) for array in arrays]
    expected = oracle(*leaves)
    torch.autograd.backward(expected, torch.from_numpy(dout))
    close(out, expected)
    for grad, leaf, array in zip(grads, leaves, arrays, strict=True):
        close(grad, gradient(leaf))
        slopes = differences(lambda: np.asarray(forward(*arrays)[0]), array, dout)
        np.testing.assert_allclose(grad, slopes, rtol=1e-5, atol=1e-6)
    for array, original in zip([*arrays, dout], [*before, dout_before], strict=True):
        # central differences put back what they changed
        assert np.array_equal(array, original)


# Affine, ReLU, losses


@pytest.mark.parametrize(("n", "dims", "m"), [(1, (1,), 1), (3, (4,), 5), (2, (3, 2, 4), 6)])
def test_affine(n: int, dims: tuple[int, ...], m: int, rng: np.random.RandomState) -> None:
    arrays = [rng.normal(size=shape) for shape in ((n, *dims), (math.prod(dims), m), (m,))]
    check_layer(
        layers.affine_forward, layers.affine_backward, lambda x, w, b: F.linear(x.flatten(1), w.t(), b), arrays, rng
    )


def test_affine_published() -> None:
    x, w, b = line(-0.1, 0.5, 2, 4, 5, 6), line(-0.2, 0.3, 120, 3), line(-0.3, 0.1, 3)
    out, _ = layers.affine_forward(x, w, b)
    published(out, [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.51413270, 3.77273342]])


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4, 2)])
def test_relu(shape: tuple[int, ...], rng: np.random.RandomState) -> None:
    check_layer(layers.relu_forward, layers.relu_backward, F.relu, [rng.normal(size=shape)], rng)


def test_relu_published() -> None:
    out, _ = layers.relu_forward(line(-0.5, 0.5, 3, 4))
    rows = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
    published(out, rows)


def cross_entropy(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(x, y)


def hinge(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    # torch divides the loss of an example by the number of classes, the course doesn't
    return x.shape[1] * F.multi_margin_loss(x, y)


@pytest.mark.parametrize(("name", "oracle"), [("softmax_loss", cross_entropy), ("svm_loss", hinge)])
@pytest.mark.parametrize(("n", "c"), [(1, 2), (4, 7), (9, 3)])
def test_losses(n: int, c: int, name: str, oracle: Callable[..., torch.Tensor], rng: np.random.RandomState) -> None:
    loss_of = getattr(layers, name)
    x, y = 3 * rng.normal(size=(n, c)), rng.randint(c, size=n)
    before = x.copy()
    loss, dx = loss_of(x, y)
    leaf = tensor(x)
    expected = oracle(leaf, torch.from_numpy(y))
    torch.autograd.backward(expected)
    assert np.ndim(loss) == 0
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    close(dx, gradient(leaf))
    np.testing.assert_allclose(dx, differences(lambda: loss_of(x, y)[0], x, np.array(1.0)), rtol=1e-5, atol=1e-7)
    assert np.array_equal(x, before)


def test_softmax_loss_of_huge_scores_is_finite() -> None:
    loss, dx = layers.softmax_loss(np.array([[2000.0, 1000.0], [3000.0, 1000.0]]), np.array([0, 1]))
    assert loss == pytest.approx((0 + 2000) / 2)
    close(dx, np.array([[0.0, 0.0], [0.5, -0.5]]))


# Normalisations


def normalised(*arrays: Array) -> torch.Tensor:
    """Return torch's batch normalisation of x by mean and var, with gamma and beta."""
    x, mean, var, gamma, beta = map(torch.from_numpy, arrays)
    return F.batch_norm(x, mean, var, gamma, beta, training=False, eps=1e-5)


@pytest.mark.parametrize("eps", [1e-5, 0.7])
@pytest.mark.parametrize("name", ["batchnorm_backward", "batchnorm_backward_alt"])
@pytest.mark.parametrize(("n", "d"), [(2, 3), (6, 4)])
def test_batchnorm(n: int, d: int, name: str, eps: float, rng: np.random.RandomState) -> None:
    def oracle(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)

    def forward(x: Array, gamma: Array, beta: Array) -> Any:
        return layers.batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": eps})

    arrays = [2 * rng.normal(size=(n, d)) + 1, rng.normal(size=d), rng.normal(size=d)]
    check_layer(forward, getattr(layers, name), oracle, arrays, rng)


def test_batchnorm_test_mode_and_moving_averages(rng: np.random.RandomState) -> None:
    gamma, beta = rng.normal(size=4), rng.normal(size=4)
    bn_param: Config = {"mode": "train", "momentum": 0.8}
    mean, var = np.zeros(4), np.zeros(4)
    for _ in range(5):
        x = 3 * rng.normal(size=(6, 4)) + 2
        layers.batchnorm_forward(x, gamma, beta, bn_param)
        mean, var = 0.8 * mean + 0.2 * x.mean(axis=0), 0.8 * var + 0.2 * x.var(axis=0)
    close(bn_param["running_mean"], mean)
    close(bn_param["running_var"], var)

    x = rng.normal(size=(3, 4))
    bn_param["mode"] = "test"
    out, _ = layers.batchnorm_forward(x, gamma, beta, bn_param)
    close(out, normalised(x, mean, var, gamma, beta))
    close(bn_param["running_mean"], mean)
    close(bn_param["running_var"], var)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="mode is 'x'"):
        layers.batchnorm_forward(np.ones((2, 2)), np.ones(2), np.ones(2), {"mode": "x"})


@pytest.mark.parametrize("eps", [1e-5, 0.7])
@pytest.mark.parametrize(("n", "d"), [(1, 5), (4, 3)])
def test_layernorm(n: int, d: int, eps: float, rng: np.random.RandomState) -> None:
    def oracle(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, (d,), gamma, beta, eps)

    def forward(x: Array, gamma: Array, beta: Array) -> Any:
        return layers.layernorm_forward(x, gamma, beta, {"eps": eps})

    arrays = [2 * rng.normal(size=(n, d)) + 1, rng.normal(size=d), rng.normal(size=d)]
    check_layer(forward, layers.layernorm_backward, oracle, arrays, rng)


@pytest.mark.parametrize("shape", [(2, 3, 2, 4), (1, 2, 3, 2)])
def test_spatial_batchnorm(shape: tuple[int, ...], rng: np.random.RandomState) -> None:
    def oracle(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, None, None, gamma, beta, training=True)

    def forward(x: Array, gamma: Array, beta: Array) -> Any:
        return layers.spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"})

    arrays = [2 * rng.normal(size=shape) + 1, rng.normal(size=shape[1]), rng.normal(size=shape[1])]
    check_layer(forward, layers.spatial_batchnorm_backward, oracle, arrays, rng)


def test_spatial_batchnorm_test_mode(rng: np.random.RandomState) -> None:
    x = rng.normal(size=(3, 4, 2, 5))
    gamma, beta, mean, var = (rng.uniform(1, 2, size=4) for _ in range(4))
    bn_param = {"mode": "test", "running_mean": mean, "running_var": var}
    out, _ = layers.spatial_batchnorm_forward(x, gamma, beta, bn_param)
    close(out, normalised(x, mean, var, gamma, beta))


@pytest.mark.parametrize("eps", [1e-5, 0.7])
@pytest.mark.parametrize(("shape", "groups"), [((2, 6, 2, 3), 2), ((2, 6, 2, 1), 3), ((1, 4, 3, 2), 1)])
def test_spatial_groupnorm(shape: tuple[int, ...], groups: int, eps: float, rng: np.random.RandomState) -> None:
    each = (1, shape[1], 1, 1)

    def oracle(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return F.group_norm(x, groups, gamma.flatten(), beta.flatten(), eps)

    def forward(x: Array, gamma: Array, beta: Array) -> Any:
        return layers.spatial_groupnorm_forward(x, gamma, beta, groups, {"eps": eps})

    arrays = [2 * rng.normal(size=shape) + 1, rng.normal(size=each), rng.normal(size=each)]
    check_layer(forward, layers.spatial_groupnorm_backward, oracle, arrays, rng)


# Dropout


@pytest.mark.parametrize("p", [0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(6, 7), (2, 3, 4, 5)])
def test_dropout_multiplies_by_its_one_draw(shape: tuple[int, ...], p: float, rng: np.random.RandomState) -> None:
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    factors = (np.random.RandomState(7).random_sample(shape) < p) / p
    out, cache = layers.dropout_forward(x, {"mode": "train", "p": p, "seed": 7})
    layers.dropout_forward(x, {"mode": "train", "p": p})
    close(out, x * factors)
    close(layers.dropout_backward(dout, cache), dout * factors)


def test_dropout_keeps_the_mean_and_the_dtype() -> None:
    np.random.seed(SEED)
    out, _ = layers.dropout_forward(np.ones((400, 500), dtype=np.float32), {"mode": "train", "p": 0.3})
    assert out.dtype == np.float32
    # five deviations of the mean of 200,000 numbers
    assert abs(out.mean() - 1) < 5 * math.sqrt(0.7 / 0.3 / out.size)
    assert abs((out != 0).mean() - 0.3) < 5 * math.sqrt(0.3 * 0.7 / out.size)


def test_dropout_does_nothing_in_test_mode(rng: np.random.RandomState) -> None:
    x, dout = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    out, cache = layers.dropout_forward(x, {"mode": "test", "p": 0.3})
    assert np.array_equal(out, x)
    assert np.array_equal(layers.dropout_backward(dout, cache), dout)


# Convolution and pooling

CONVOLUTIONS = [
    ((2, 3, 4, 5), (2, 3, 3, 2), 1, 1),
    ((1, 2, 5, 7), (3, 2, 3, 3), 2, 0),
    ((2, 1, 4, 4), (1, 1, 2, 2), 2, 2),
    ((1, 2, 4, 7), (2, 2, 1, 1), 3, 0),
]


@pytest.mark.parametrize(("shape", "filters", "stride", "pad"), CONVOLUTIONS)
def test_conv(
    shape: tuple[int, ...], filters: tuple[int, ...], stride: int, pad: int, rng: np.random.RandomState
) -> None:
    def oracle(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, w, b, stride=stride, padding=pad)

    def forward(x: Array, w: Array, b: Array) -> Any:
        return layers.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})

    arrays = [rng.normal(size=shape), rng.normal(size=filters), rng.normal(size=filters[0])]
    check_layer(forward, layers.conv_backward_naive, oracle, arrays, rng)


def test_conv_published() -> None:
    x, w, b = line(-0.1, 0.5, 2, 3, 4, 4), line(-0.2, 0.3, 3, 3, 4, 4), line(-0.1, 0.2, 3)
    out, _ = layers.conv_forward_naive(x, w, b, {"stride": 2, "pad": 1})
    first = [
        [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
        [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
        [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
    ]
    second = [
        [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
        [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
        [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
    ]
    published(out, [first, second])


@pytest.mark.parametrize(
    ("shape", "size", "stride"), [((2, 3, 4, 6), (2, 2), 2), ((2, 2, 5, 6), (3, 4), 1), ((1, 3, 7, 5), (1, 2), 3)]
)
def test_max_pool(shape: tuple[int, ...], size: tuple[int, int], stride: int, rng: np.random.RandomState) -> None:
    def oracle(x: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(x, size, stride)

    def forward(x: Array) -> Any:
        return layers.max_pool_forward_naive(x, {"pool_height": size[0], "pool_width": size[1], "stride": stride})

    x = rng.permutation(math.prod(shape)).reshape(shape) / 8.0
    check_layer(forward, layers.max_pool_backward_naive, oracle, [x], rng)


def test_max_pool_published() -> None:
    x = line(-0.3, 0.4, 2, 3, 4, 4)
    out, _ = layers.max_pool_forward_naive(x, {"pool_height": 2, "pool_width": 2, "stride": 2})
    first = [
        [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]],
        [[-0.14526316, -0.13052632], [-0.08631579, -0.07157895]],
        [[-0.02736842, -0.01263158], [0.03157895, 0.04631579]],
    ]
    second = [
        [[0.09052632, 0.10526316], [0.14947368, 0.16421053]],
        [[0.20842105, 0.22315789], [0.26736842, 0.28210526]],
        [[0.32631579, 0.34105263], [0.38526316, 0.4]],
    ]
    published(out, [first, second])


# Update rules

RULES: dict[str, tuple[Callable[[list[torch.Tensor]], torch.optim.Optimizer], Config]] = {
    "sgd": (lambda ws: torch.optim.SGD(ws, lr=0.03), {"learning_rate": 0.03}),
    "sgd_momentum": (
        lambda ws: torch.optim.SGD(ws, lr=0.03, momentum=0.7),
        {"learning_rate": 0.03, "momentum": 0.7},
    ),
    "rmsprop": (
        lambda ws: torch.optim.RMSprop(ws, lr=0.03, alpha=0.8, eps=1e-3),
        {"learning_rate": 0.03, "decay_rate": 0.8, "epsilon": 1e-3},
    ),
    "adam": (
        lambda ws: torch.optim.Adam(ws, lr=0.03, betas=(0.7, 0.9), eps=1e-3),
        {"learning_rate": 0.03, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3},
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rules_take_torchs_steps(name: str, rng: np.random.RandomState) -> None:
    make, config = RULES[name]
    w = rng.normal(size=(3, 4))
    leaf = tensor(w)
    torchs = make([leaf])
    for _ in range(8):
        dw = rng.normal(size=w.shape)
        before = w.copy(), dw.copy()
        next_w, config = getattr(optim, name)(w, dw, config)
        assert np.array_equal(w, before[0])
        assert np.array_equal(dw, before[1])
        leaf.grad = torch.from_numpy(dw)
        torchs.step()
        w = next_w
        close(w, leaf)


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("sgd", {"learning_rate": 1e-2}),
        ("sgd_momentum", {"learning_rate": 1e-2, "momentum": 0.9}),
        ("rmsprop", {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8}),
        ("adam", {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    ],
)
def test_defaults(name: str, defaults: Config, rng: np.random.RandomState) -> None:
    w, dw = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    found, config = getattr(optim, name)(w, dw)
    expected, _ = getattr(optim, name)(w, dw, dict(defaults))
    close(found, expected)
    assert defaults.items() <= config.items()


def test_momentum_published() -> None:
    w, dw, v = line(-0.4, 0.6, 4, 5), line(-0.6, 0.4, 4, 5), line(0.6, 0.9, 4, 5)
    next_w, config = optim.sgd_momentum(w, dw, {"learning_rate": 1e-3, "velocity": v})
    published(next_w[0], [0.1406, 0.20738947, 0.27417895, 0.34096842, 0.40775789])
    published(config["velocity"][0], [0.5406, 0.55475789, 0.56891579, 0.58307368, 0.59723158])


def test_rmsprop_published() -> None:
    w, dw, cache = line(-0.4, 0.6, 4, 5), line(-0.6, 0.4, 4, 5), line(0.6, 0.9, 4, 5)
    next_w, config = optim.rmsprop(w, dw, {"learning_rate": 1e-2, "cache": cache})
    published(next_w[0], [-0.39223849, -0.34037513, -0.28849239, -0.23659121, -0.18467247])
    published(config["cache"][0], [0.5976, 0.6126277, 0.6277108, 0.64284931, 0.65804321])


def test_adam_published() -> None:
    w, dw, m, v = line(-0.4, 0.6, 4, 5), line(-0.6, 0.4, 4, 5), line(0.6, 0.9, 4, 5), line(0.7, 0.5, 4, 5)
    next_w, config = optim.adam(w, dw, {"learning_rate": 1e-2, "m": m, "v": v, "t": 5})
    published(next_w[0], [-0.40094747, -0.34836187, -0.29577703, -0.24319299, -0.19060977])
    published(config["v"][0], [0.69966, 0.68908382, 0.67851319, 0.66794809, 0.65738853])
    published(config["m"][0], [0.48, 0.49947368, 0.51894737, 0.53842105, 0.55789474])
    assert config["t"] == 6


# Windows as columns


@pytest.mark.parametrize(("pad", "stride"), [(0, 1), (1, 2)])
def test_windows_are_torchs_and_come_back_as_their_gradient(pad: int, stride: int, rng: np.random.RandomState) -> None:
    x = rng.normal(size=(3, 2, 5, 7))
    columns = im2col.im2col_indices(x, 3, 3, padding=pad, stride=stride)
    leaf = tensor(x)
    expected = F.unfold(leaf, 3, padding=pad, stride=stride).permute(1, 2, 0).flatten(1)
    close(columns, expected)
    weights = rng.normal(size=columns.shape)
    torch.autograd.backward(expected, torch.from_numpy(weights))
    close(im2col.col2im_indices(weights, x.shape, 3, 3, padding=pad, stride=stride), gradient(leaf))
