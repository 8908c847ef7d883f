"""The layers, net, dropouts and optimisers of first_order_optimizers against torch, numeric gradients and closed forms.

"The summary" below is the summary of a lecture that the assignment is made from.
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

nn = load_reference("first_order_optimizers", ["."], ["nn.layers", "nn.net", "nn.optim", "nn.dropout"])
layers, optim = nn.nn_layers, nn.nn_optim
FullyConnectedNet = nn.nn_net.FullyConnectedNet
VanillaDropout, InvertedDropout = nn.nn_dropout.VanillaDropout, nn.nn_dropout.InvertedDropout

Params = dict[str, Array]
SEED = 1598

# (N, D, M), all different.
SIZES = [(7, 3, 5), (4, 20, 9), (1, 6, 2)]
# dims = [D, H1, ..., C] of nets with one to four layers, no two sizes the same.
DIMS = [(6, 3), (5, 8, 3), (4, 9, 6, 3), (5, 10, 8, 6, 4)]


# Layers


@pytest.mark.parametrize("name", ["Linear", "LinearReLU"])
@pytest.mark.parametrize(("n", "d", "m"), SIZES)
def test_linear_layers_agree_with_autograd(n: int, d: int, m: int, name: str) -> None:
    rng = np.random.default_rng(SEED)
    x, w = rng.normal(size=(n, d)), rng.normal(size=(d, m))
    b, dout = rng.normal(size=m), rng.normal(size=(n, m))
    before = [array.copy() for array in (x, w, b, dout)]
    layer = getattr(layers, name)
    out, cache = layer.forward(x, w, b)
    grads = layer.backward(dout, cache)

    leaves = [tensor(array) for array in (x, w, b)]
    expected = torch.nn.functional.linear(leaves[0], leaves[1].T, leaves[2])
    expected = torch.relu(expected) if name == "LinearReLU" else expected
    torch.autograd.backward(expected, torch.from_numpy(dout))
    close(out, expected)
    for actual, leaf in zip(grads, leaves, strict=True):
        close(actual, gradient(leaf))
    assert all(np.array_equal(*pair) for pair in zip((x, w, b, dout), before, strict=True))


@pytest.mark.parametrize("shape", [(7, 3), (5,), (2, 3, 4)])
def test_relu_agrees_with_autograd(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(SEED)
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    before = x.copy()
    out, cache = layers.ReLU.forward(x)
    dx = layers.ReLU.backward(dout, cache)
    tx = tensor(x)
    expected = torch.relu(tx)
    torch.autograd.backward(expected, torch.from_numpy(dout))
    close(out, expected)
    close(dx, gradient(tx))
    assert np.array_equal(x, before)


@pytest.mark.parametrize(("n", "classes"), [(7, 3), (4, 19), (1, 5)])
def test_softmax_loss_agrees_with_torch(n: int, classes: int) -> None:
    rng = np.random.default_rng(SEED)
    scores, y = 3 * rng.normal(size=(n, classes)), rng.integers(classes, size=n)
    before = scores.copy()
    loss, dscores = layers.softmax_loss(scores, y)
    leaf = tensor(scores)
    expected = torch.nn.functional.cross_entropy(leaf, torch.from_numpy(y))
    torch.autograd.backward(expected)
    assert np.shape(loss) == ()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    close(dscores, gradient(leaf))
    assert np.array_equal(scores, before)


def test_softmax_loss_is_finite_for_huge_scores() -> None:
    loss, dscores = layers.softmax_loss(np.array([[2000.0, 1000.0], [3000.0, 1000.0]]), np.array([0, 1]))
    assert loss == pytest.approx((0 + 2000) / 2)
    close(dscores, np.array([[0.0, 0.0], [0.5, -0.5]]))


# Dropout


def dropout_factors(name: str, p: float, shape: tuple[int, ...], stream: np.random.RandomState) -> Array:
    """Return what training multiplies by; the mask as in the summary's listings."""
    mask = stream.random_sample(shape) < p
    return mask / p if name == "InvertedDropout" else mask.astype(float)


@pytest.mark.parametrize("p", [0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("name", ["VanillaDropout", "InvertedDropout"])
@pytest.mark.parametrize("shape", [(7, 3), (20, 9)])
def test_dropout_in_training_multiplies_by_its_one_draw(shape: tuple[int, int], name: str, p: float) -> None:
    rng = np.random.default_rng(SEED)
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    before = x.copy()
    stream = np.random.RandomState(SEED)
    factors = dropout_factors(name, p, shape, stream)

    np.random.seed(SEED)
    dropout = getattr(nn.nn_dropout, name)(p)
    out, cache = dropout.forward(x)
    assert np.random.uniform() == stream.uniform(), "forward drew something else, too"
    # A second forward must not disturb the first one's cache: one object serves every layer.
    dropout.forward(x)
    close(out, x * factors)
    close(dropout.backward(dout, cache), dout * factors)
    assert np.array_equal(x, before)


@pytest.mark.parametrize(
    ("name", "p", "factor"),
    [
        ("VanillaDropout", 0.3, 0.3),
        ("VanillaDropout", 0.8, 0.8),
        ("VanillaDropout", 0.5, 0.5),  # the summary: at p = 0.5 the neurons must halve their outputs
        ("InvertedDropout", 0.3, 1.0),
        ("InvertedDropout", 0.8, 1.0),
    ],
)
def test_dropout_in_evaluation_is_the_mean_over_masks(name: str, p: float, factor: float) -> None:
    x = np.random.default_rng(SEED).normal(size=(7, 3))
    dropout = getattr(nn.nn_dropout, name)(p)
    np.random.seed(SEED)
    out, cache = dropout.forward(x, train=False)
    assert np.random.uniform() == np.random.RandomState(SEED).uniform(), "an evaluation draws nothing"
    close(out, factor * x)
    close(dropout.backward(2 * x, cache), factor * 2 * x)
    mean = dropout.forward(np.repeat(x[None], 20_000, axis=0))[0].mean(axis=0)
    np.testing.assert_allclose(mean, out, atol=0.08)


@pytest.mark.parametrize("p", [0.0, -0.1, 1.1, float("nan")])
@pytest.mark.parametrize("name", ["VanillaDropout", "InvertedDropout"])
def test_dropout_refuses_what_is_no_probability_of_keeping(name: str, p: float) -> None:
    with pytest.raises(ValueError, match="probability of keeping"):
        getattr(nn.nn_dropout, name)(p)


# Net


def make_net(dims: Sequence[int], **options: Any) -> Any:
    """Return a net whose biases are not zero: a regulariser that took them in would show."""
    np.random.seed(SEED)
    net = FullyConnectedNet(list(dims), **{"weight_scale": 0.5, **options})
    for i, size in enumerate(dims[1:], start=1):
        net.params[f"b{i}"] = np.random.normal(size=size)
    return net


def make_batch(dims: Sequence[int], n: int = 7) -> tuple[Array, Array]:
    rng = np.random.default_rng(SEED)
    return rng.normal(size=(n, dims[0])), rng.integers(dims[-1], size=n)


def torch_scores(x: Array, params: dict[str, torch.Tensor], factors: Sequence[Array | float]) -> torch.Tensor:
    """Return the scores; factors is what each hidden layer's ReLU is multiplied by."""
    hidden = torch.from_numpy(x)
    for i, factor in enumerate(factors, start=1):
        hidden = torch.relu(hidden @ params[f"W{i}"] + params[f"b{i}"])
        hidden = hidden * torch.as_tensor(factor, dtype=torch.float64)
    return hidden @ params[f"W{len(factors) + 1}"] + params[f"b{len(factors) + 1}"]


@pytest.mark.parametrize("regularizer", ["l1", "l2"])
@pytest.mark.parametrize("reg", [0.0, 0.7])
@pytest.mark.parametrize("name", [None, "VanillaDropout", "InvertedDropout"])
@pytest.mark.parametrize("dims", DIMS)
def test_net_agrees_with_autograd(dims: tuple[int, ...], name: str | None, reg: float, regularizer: str) -> None:
    p = 0.7
    dropout = None if name is None else getattr(nn.nn_dropout, name)(p)
    net = make_net(dims, reg=reg, dropout=dropout, regularizer=regularizer)
    x, y = make_batch(dims)
    params = {key: tensor(value) for key, value in net.params.items()}
    stream = np.random.RandomState(SEED)
    factors: list[Array | float] = [
        1.0 if name is None else dropout_factors(name, p, (len(x), size), stream) for size in dims[1:-1]
    ]
    np.random.seed(SEED)
    loss, grads = net.loss(x, y)

    expected = torch.nn.functional.cross_entropy(torch_scores(x, params, factors), torch.from_numpy(y))
    for key, leaf in params.items():
        if key.startswith("W"):
            norm = leaf.abs().sum() if regularizer == "l1" else torch.linalg.matrix_norm(leaf) ** 2
            expected = expected + reg * norm
    torch.autograd.backward(expected)
    assert np.shape(loss) == ()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    assert grads.keys() == params.keys()
    for key, leaf in params.items():
        close(grads[key], gradient(leaf))
        close(net.params[key], leaf)

    evaluation = [p if name == "VanillaDropout" else 1.0] * (len(dims) - 2)
    close(net.loss(x), torch_scores(x, params, evaluation))


@pytest.mark.parametrize("dims", DIMS)
def test_initialisation(dims: tuple[int, ...]) -> None:
    """The summary, "Testing initialization": shapes, a normal draw for each weight, biases of zero."""
    np.random.seed(SEED)
    net = FullyConnectedNet(dims, weight_scale=0.03)
    stream = np.random.RandomState(SEED)
    assert list(net.params) == [f"{kind}{i}" for i in range(1, len(dims)) for kind in "Wb"]
    for i, size in enumerate(pairwise(dims), start=1):
        close(net.params[f"W{i}"], 0.03 * stream.standard_normal(size))
        close(net.params[f"b{i}"], np.zeros(size[1]))


def test_weights_have_the_scale_of_a_hundredth_by_default() -> None:
    np.random.seed(SEED)
    weight = FullyConnectedNet([50, 60, 4]).params["W1"]
    assert weight.std() == pytest.approx(1e-2, rel=0.05)
    assert abs(weight.mean()) < 1e-3


def test_unknown_regulariser() -> None:
    with pytest.raises(ValueError, match="elastic"):
        FullyConnectedNet([3, 2], regularizer="elastic")


def numeric_gradient(f: Callable[[], float], x: Array, h: float = 1e-4) -> Array:
    """Return central differences of fourth order: (8 (f(+h) − f(−h)) − (f(+2h) − f(−2h))) / 12 h."""
    grad = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        kept = x[index]
        values = {}
        for k in (-2, -1, 1, 2):
            x[index] = kept + k * h
            values[k] = f()
        x[index] = kept
        grad[index] = (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * h)
    return grad


# The summary, "Running numeric gradient check": the relative errors it prints, for a net of two layers.
PUBLISHED_ERRORS = {
    0.0: {"W1": 2.94e-07, "W2": 1.65e-09, "b1": 1.01e-06, "b2": 4.63e-09},
    0.7: {"W1": 2.70e-08, "W2": 9.86e-09, "b1": 2.28e-06, "b2": 2.90e-08},
}


@pytest.mark.parametrize("regularizer", ["l1", "l2"])
@pytest.mark.parametrize("reg", PUBLISHED_ERRORS)
def test_numeric_gradients_are_as_near_as_published(reg: float, regularizer: str) -> None:
    """No error is above the one that the summary prints for the same parameter and reg."""
    net = make_net((5, 12, 7), reg=reg, regularizer=regularizer)
    for key in ("W1", "W2"):
        # |w| has a kink at 0, and a difference across it is no derivative.
        weight = net.params[key]
        weight[np.abs(weight) < 1e-2] = 1e-2
    x, y = make_batch((5, 12, 7), n=3)
    _, grads = net.loss(x, y)
    for key, bound in PUBLISHED_ERRORS[reg].items():
        numeric = numeric_gradient(lambda: net.loss(x, y)[0], net.params[key])
        error = np.abs(grads[key] - numeric).max() / (np.abs(grads[key]).max() + np.abs(numeric).max())
        assert error <= bound, key


def test_loss_without_regularisation_starts_at_log_of_the_number_of_classes() -> None:
    """The summary, "Testing training loss (no regularization)": tiny weights make all classes equally probable."""
    np.random.seed(SEED)
    loss, _ = FullyConnectedNet([6, 9, 5], weight_scale=1e-6).loss(*make_batch((6, 9, 5)))
    assert loss == pytest.approx(np.log(5), rel=1e-6)


# Optimisers

# What the handout fixes: params and lr first; the constant of the slides, and rho = 0.9 "typically".
SIGNATURES = {
    "SGD": "(params, lr)",
    "Momentum": "(params, lr, rho=0.9)",
    "Nesterov": "(params, lr, rho=0.9)",
    "AdaGrad": "(params, lr, eps=1e-07)",
    "RMSProp": "(params, lr, decay_rate=0.99, eps=1e-07)",
    "AdamUncorrected": "(params, lr, beta1=0.9, beta2=0.999, eps=1e-07)",
    "Adam": "(params, lr, beta1=0.9, beta2=0.999, eps=1e-07)",
}

TorchOptimizer = Callable[[list[torch.Tensor]], torch.optim.Optimizer]


@pytest.mark.parametrize(("name", "signature"), SIGNATURES.items())
def test_signatures(name: str, signature: str) -> None:
    assert str(inspect.signature(getattr(optim, name))) == signature


def make_params(rng: np.random.Generator) -> Params:
    return {"W1": rng.normal(size=(3, 5)), "b1": rng.normal(size=5), "W2": rng.normal(size=(5, 2))}


@pytest.mark.parametrize("scale", [1.0, 1e-7, 1e3])
@pytest.mark.parametrize(
    ("name", "options", "theirs"),
    [
        ("SGD", {}, lambda leaves: torch.optim.SGD(leaves, lr=0.1)),
        ("Momentum", {}, lambda leaves: torch.optim.SGD(leaves, lr=0.1, momentum=0.9)),
        ("Momentum", {"rho": 0.4}, lambda leaves: torch.optim.SGD(leaves, lr=0.1, momentum=0.4)),
        ("AdaGrad", {}, lambda leaves: torch.optim.Adagrad(leaves, lr=0.1, eps=1e-7)),
        ("RMSProp", {}, lambda leaves: torch.optim.RMSprop(leaves, lr=0.1, alpha=0.99, eps=1e-7)),
        ("RMSProp", {"decay_rate": 0.6}, lambda leaves: torch.optim.RMSprop(leaves, lr=0.1, alpha=0.6, eps=1e-7)),
        ("Adam", {}, lambda leaves: torch.optim.Adam(leaves, lr=0.1, eps=1e-7)),
        (
            "Adam",
            {"beta1": 0.7, "beta2": 0.8, "eps": 1e-2},
            lambda leaves: torch.optim.Adam(leaves, lr=0.1, betas=(0.7, 0.8), eps=1e-2),
        ),
    ],
)
def test_optimiser_agrees_with_torch(
    name: str, options: dict[str, float], theirs: TorchOptimizer, scale: float
) -> None:
    """Six steps with changing gradients; gradients near 1e-7 show where eps stands."""
    rng = np.random.default_rng(SEED)
    params = make_params(rng)
    leaves = {key: tensor(value) for key, value in params.items()}
    ours, other = getattr(optim, name)(params, 0.1, **options), theirs(list(leaves.values()))
    for _ in range(6):
        grads = {key: scale * rng.normal(size=value.shape) for key, value in params.items()}
        before = {key: value.copy() for key, value in grads.items()}
        for key, leaf in leaves.items():
            leaf.grad = torch.from_numpy(grads[key].copy())
        ours.step(grads)
        other.step()
        for key, leaf in leaves.items():
            close(params[key], leaf)
            assert np.array_equal(grads[key], before[key])


def uncorrected_adam(gradients: Sequence[Array], beta1: float, beta2: float, eps: float) -> Array:
    """Return the sum of the updates for lr = 1, each moment written out as a sum over the past."""
    total = np.zeros_like(gradients[0])
    for t in range(1, len(gradients) + 1):
        m = (1 - beta1) * np.sum([beta1 ** (t - k) * gradients[k - 1] for k in range(1, t + 1)], axis=0)
        v = (1 - beta2) * np.sum([beta2 ** (t - k) * gradients[k - 1] ** 2 for k in range(1, t + 1)], axis=0)
        total = total + m / (v**0.5 + eps)
    return total


@pytest.mark.parametrize("scale", [1.0, 1e-6])
@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.6, 0.8)])
def test_uncorrected_adam_agrees_with_the_sums_written_out(beta1: float, beta2: float, scale: float) -> None:
    rng = np.random.default_rng(SEED)
    params = make_params(rng)
    start = {key: value.copy() for key, value in params.items()}
    history = [{key: scale * rng.normal(size=value.shape) for key, value in params.items()} for _ in range(6)]
    optimiser = optim.AdamUncorrected(params, 0.1, beta1=beta1, beta2=beta2)
    for grads in history:
        optimiser.step(grads)
    for key, value in params.items():
        close(value, start[key] - 0.1 * uncorrected_adam([grads[key] for grads in history], beta1, beta2, 1e-7))


def test_first_adam_step_is_too_long_without_the_correction() -> None:
    """The summary: at t = 1 with β2 = 0.999 moment2 is tiny. The step is (1 − β1)/√(1 − β2) = 3.16 lr, and then lr."""
    moved = {}
    for name in ("AdamUncorrected", "Adam"):
        params = {"x": np.array([0.0, 0.0])}
        getattr(optim, name)(params, 0.01).step({"x": np.array([4.0, -300.0])})
        moved[name] = params["x"] / 0.01
    np.testing.assert_allclose(moved["AdamUncorrected"], [-np.sqrt(10), np.sqrt(10)], rtol=1e-5)
    np.testing.assert_allclose(moved["Adam"], [-1, 1], rtol=1e-6)


@pytest.mark.parametrize("rho", [0.9, 0.4])
def test_nesterov_agrees_with_torch_at_the_look_ahead_point(rho: float) -> None:
    """torch keeps z = x + ρv in its parameters; ours are compared as z, with v the last step.

    f(x) = Σ log cosh(c x), so that the gradient is different wherever it is taken.
    """
    rng = np.random.default_rng(SEED)
    params = make_params(rng)
    curvature = {key: rng.uniform(0.5, 2, size=value.shape) for key, value in params.items()}
    leaves = {key: tensor(value) for key, value in params.items()}
    ours = optim.Nesterov(params, 0.1, rho=rho)
    theirs = torch.optim.SGD(list(leaves.values()), lr=0.1, momentum=rho, nesterov=True)
    points: list[Params] = []
    for _ in range(6):
        before = {key: value.copy() for key, value in params.items()}
        points.clear()

        def grad_fn(point: Params, before: Params = before) -> Params:
            assert all(np.array_equal(params[key], value) for key, value in before.items()), "params moved too early"
            points.append({key: value.copy() for key, value in point.items()})
            return {key: curvature[key] * np.tanh(curvature[key] * value) for key, value in point.items()}

        ours.step(grad_fn)
        assert len(points) == 1
        for key, leaf in leaves.items():
            close(points[0][key], leaf)
        theirs.zero_grad()
        torch.autograd.backward(
            [torch.log(torch.cosh(torch.from_numpy(curvature[key]) * leaf)).sum() for key, leaf in leaves.items()]
        )
        theirs.step()
        for key, leaf in leaves.items():
            close(params[key] + rho * (params[key] - before[key]), leaf)


@pytest.mark.parametrize("name", SIGNATURES)
def test_new_values_are_in_the_dict_that_was_given(name: str) -> None:
    params = {"x": np.array([1.0, -2.0]), "y": np.array([[3.0]])}
    given = dict(params)
    optimiser = getattr(optim, name)(params, 0.1)
    grads = {"x": np.array([1.0, 1.0]), "y": np.array([[1.0]])}
    optimiser.step((lambda _: grads) if name == "Nesterov" else grads)
    assert optimiser.params is params
    assert list(params) == ["x", "y"]
    assert all((params[key] < [1.0, -2.0] if key == "x" else params[key] < 3.0).all() for key in params)
    assert given["x"].shape == params["x"].shape


# The ill-conditioned quadratic: f(x) = ½ Σ λ x², the slide's point about the condition number.

EIGENVALUES = np.array([1.0, 10.0, 100.0])


def descend(name: str, steps: int, lr: float, **options: float) -> Array:
    """Return the path from (1, 1, 1), start included, one point a row."""
    params = {"x": np.ones(3)}
    optimiser = getattr(optim, name)(params, lr, **options)
    path = [params["x"].copy()]

    def grad_fn(point: Params) -> Params:
        return {"x": EIGENVALUES * point["x"]}

    for _ in range(steps):
        optimiser.step(grad_fn if name == "Nesterov" else grad_fn(params))
        path.append(params["x"].copy())
    return np.array(path)


def quadratic(x: Array) -> float:
    return float(0.5 * (EIGENVALUES * x * x).sum())


def test_quadratic_paths_are_those_of_the_linear_recurrences() -> None:
    """Each is x(t+1) = A x(t) with A known for each eigenvalue, so step 30 is a power of a matrix."""
    steps, lr, rho = 30, 0.015, 0.8
    sgd, momentum, nesterov = [], [], []
    for eigenvalue in EIGENVALUES:
        sgd.append((1 - lr * eigenvalue) ** steps)
        heavy_ball = np.array([[1 + rho - lr * eigenvalue, -rho], [1, 0]])
        momentum.append((np.linalg.matrix_power(heavy_ball, steps) @ [1, 1])[0])
        damped = 1 - lr * eigenvalue
        look_ahead = np.array([[(1 + rho) * damped, -rho * damped], [1, 0]])
        nesterov.append((np.linalg.matrix_power(look_ahead, steps) @ [1, 1])[0])
    close(descend("SGD", steps, lr)[-1], np.array(sgd))
    close(descend("Momentum", steps, lr, rho=rho)[-1], np.array(momentum))
    close(descend("Nesterov", steps, lr, rho=rho)[-1], np.array(nesterov))


def test_order_of_the_optimisers_on_an_ill_conditioned_quadratic() -> None:
    """The summary: with a condition number of 100, SGD hardly moves in one direction, and velocity mends that."""
    lr, steps = 0.01, 80
    end = {name: quadratic(descend(name, steps, lr)[-1]) for name in ("SGD", "Momentum", "Nesterov")}
    assert end["Nesterov"] < end["Momentum"] < end["SGD"]
    # Momentum at the rate of its theory, √ρ = (√κ − 1)/(√κ + 1), against SGD at its best, (κ − 1)/(κ + 1).
    tuned = quadratic(descend("Momentum", steps, 4 / (10 + 1) ** 2, rho=(9 / 11) ** 2)[-1])
    best_sgd = quadratic(descend("SGD", steps, 2 / 101)[-1])
    assert tuned < 1e-6 * best_sgd


@pytest.mark.parametrize("name", ["AdaGrad", "RMSProp", "AdamUncorrected", "Adam"])
def test_adaptive_steps_are_the_same_in_every_direction(name: str) -> None:
    """A rate for each coordinate cancels its eigenvalue, up to eps: the condition number plays no part."""
    path = descend(name, 40, 0.05)
    np.testing.assert_allclose(path, path[:, [0]] @ np.ones((1, 3)), atol=1e-5)
    assert quadratic(path[-1]) < 0.5 * quadratic(path[0])


def test_adagrad_slows_down_where_rmsprop_goes_on() -> None:
    """The summary: grad_squared only grows. At a constant gradient AdaGrad's step t is lr/√t, RMSProp's tends to lr."""
    lengths = {}
    for name in ("AdaGrad", "RMSProp"):
        params = {"x": np.array([0.0])}
        optimiser = getattr(optim, name)(params, 0.1, eps=0.0) if name == "AdaGrad" else optim.RMSProp(params, 0.1, 0.5)
        path = [0.0]
        for _ in range(40):
            optimiser.step({"x": np.array([2.0])})
            path.append(params["x"].item())
        lengths[name] = -np.diff(path)
    close(lengths["AdaGrad"], 0.1 / np.sqrt(np.arange(1, 41)))
    np.testing.assert_allclose(lengths["RMSProp"][-1], 0.1, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "lr"),
    [
        ("SGD", 0.3),
        ("Momentum", 0.1),
        ("Nesterov", 0.1),
        ("AdaGrad", 0.1),
        ("RMSProp", 0.02),
        ("AdamUncorrected", 0.01),
        ("Adam", 0.02),
    ],
)
def test_every_optimiser_trains_a_net_of_three_layers(name: str, lr: float) -> None:
    rng = np.random.default_rng(SEED)
    y = rng.integers(4, size=50)
    x = 2 * rng.normal(size=(4, 6))[y] + 0.3 * rng.normal(size=(50, 6))
    np.random.seed(SEED)
    net = FullyConnectedNet([6, 16, 12, 4], reg=1e-4, weight_scale=0.3)
    optimiser = getattr(optim, name)(net.params, lr)

    def grad_fn(point: Params) -> Params:
        kept, net.params = net.params, point
        grads: Params = net.loss(x, y)[1]
        net.params = kept
        return grads

    before = net.loss(x, y)[0]
    for _ in range(60):
        optimiser.step(grad_fn if name == "Nesterov" else net.loss(x, y)[1])
    assert net.loss(x, y)[0] < 0.2 * before
    assert (net.loss(x).argmax(axis=1) == y).mean() > 0.9
