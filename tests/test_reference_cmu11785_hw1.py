"""The reference of cmu11785_hw1 against torch's autograd, layers and SGD in float64, and against complex steps."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from reference_loader import load_reference
from torch.nn import functional

Floats = NDArray[np.floating[Any]]

hw = load_reference("cmu11785_hw1", ["mytorch", "hw1"], ["activation", "loss", "batchnorm", "linear", "hw1", "mc"])

# (batch, in, out): all different, a batch smaller and a batch larger than the layer.
SIZES = [(5, 3, 4), (2, 7, 3), (17, 4, 6)]


def close(actual: Any, expected: Any, rtol: float = 1e-10, atol: float = 1e-12) -> None:
    """Values, shape and floating dtype; torch tensors are taken as arrays."""
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else np.asarray(expected)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


def leaf(array: Floats) -> torch.Tensor:
    """A copy of the array as a tensor that collects a gradient."""
    return torch.tensor(array, requires_grad=True)


def one_hot(rng: np.random.RandomState, batch: int, classes: int) -> Floats:
    return np.eye(classes)[rng.randint(classes, size=batch)]


# Activations


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "ReLU"])
def test_activation_against_autograd(name: str, size: tuple[int, int, int]) -> None:
    x = np.random.RandomState(1).normal(scale=3, size=size[:2])
    oracle = {"Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "ReLU": torch.relu}[name]
    x_t = leaf(x)
    y_t = oracle(x_t)
    layer = getattr(hw.activation, name)()
    assert layer.state is None
    y = layer(x)
    close(y, y_t)
    close(layer.state, y_t)
    close(layer.derivative(), torch.autograd.grad(y_t.sum(), x_t)[0])


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("Sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("Tanh", lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))),
    ],
)
def test_activation_against_complex_step(name: str, formula: Callable[[Any], Any]) -> None:
    x = np.linspace(-6, 6, 41).reshape(1, 41)
    z = formula(x + 1e-30j)
    layer = getattr(hw.activation, name)()
    close(layer.forward(x), z.real)
    close(layer.derivative(), z.imag / 1e-30)


def test_identity() -> None:
    x = np.random.RandomState(2).normal(size=(3, 5))
    layer = hw.activation.Identity()
    close(layer(x), x)
    close(layer.state, x)
    assert layer.derivative() == 1.0


@pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "ReLU"])
def test_activation_of_huge_values_in_float32(name: str) -> None:
    """No warning (they are errors here), no nan, and the dtype stays."""
    x = np.array([[-1000, -800, -90, 0.5, 800, 1000]], dtype=np.float32)
    layer = getattr(hw.activation, name)()
    expected = {"Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "ReLU": torch.relu}[name](torch.tensor(x))
    close(layer(x), expected, rtol=1e-5, atol=1e-38)
    assert layer.derivative().dtype == np.float32
    assert np.isfinite(layer.derivative()).all()


def test_sigmoid_keeps_the_digits_of_tiny_values() -> None:
    x = np.array([[-700.0, -100.0, -40.0]])
    close(hw.activation.Sigmoid()(x), np.exp(x), rtol=1e-12, atol=0)  # 1 / (1 + exp(-x)) = exp(x) to all digits here


# Criterion


@pytest.mark.parametrize("scale", [1.0, 1000.0])
@pytest.mark.parametrize(("batch", "classes"), [(5, 3), (2, 10), (17, 10)])
def test_softmax_cross_entropy(batch: int, classes: int, scale: float) -> None:
    rng = np.random.RandomState(3)
    x, y = rng.normal(scale=scale, size=(batch, classes)), one_hot(rng, batch, classes)
    x_t = leaf(x)
    losses = functional.cross_entropy(x_t, torch.tensor(y), reduction="none")
    criterion = hw.loss.SoftmaxCrossEntropy()
    close(criterion(x, y), losses)
    close(criterion.loss, losses)
    close(criterion.logits, x)
    close(criterion.labels, y)
    # of the sum, not of the mean: not divided by the batch
    close(criterion.derivative(), torch.autograd.grad(losses.sum(), x_t)[0])


def test_softmax_cross_entropy_of_soft_labels() -> None:
    rng = np.random.RandomState(4)
    x, y = rng.normal(size=(6, 4)), rng.dirichlet(np.ones(4), size=6)
    x_t = leaf(x)
    losses = functional.cross_entropy(x_t, torch.tensor(y), reduction="none")
    criterion = hw.loss.SoftmaxCrossEntropy()
    close(criterion.forward(x, y), losses)
    close(criterion.derivative(), torch.autograd.grad(losses.sum(), x_t)[0])


def test_softmax_cross_entropy_keeps_float32() -> None:
    criterion = hw.loss.SoftmaxCrossEntropy()
    x, y = np.ones((3, 4), np.float32), np.eye(4, dtype=np.float32)[:3]
    close(criterion(x, y), np.full(3, np.log(4), np.float32), rtol=1e-6)
    assert criterion.derivative().dtype == np.float32


# BatchNorm


def randomized_batchnorm(rng: np.random.RandomState, features: int, alpha: float) -> Any:
    """A BatchNorm whose gamma and beta are not the neutral 1 and 0."""
    layer = hw.batchnorm.BatchNorm(features, alpha)
    layer.gamma, layer.beta = rng.uniform(0.5, 2, (1, features)), rng.normal(size=(1, features))
    return layer


def torch_batchnorm(layer: Any) -> torch.nn.BatchNorm1d:
    """torch's layer with the same parameters; its momentum is the weight of the new batch, ours that of the old."""
    oracle = torch.nn.BatchNorm1d(layer.gamma.size, eps=layer.eps, momentum=1 - layer.alpha, dtype=torch.float64)
    with torch.no_grad():
        oracle.weight.copy_(torch.tensor(layer.gamma[0]))
        oracle.bias.copy_(torch.tensor(layer.beta[0]))
    return oracle


def running(oracle: torch.nn.BatchNorm1d) -> tuple[torch.Tensor, torch.Tensor]:
    mean, var = oracle.running_mean, oracle.running_var
    assert mean is not None
    assert var is not None
    return mean, var


def test_batchnorm_starts_neutral() -> None:
    layer = hw.batchnorm.BatchNorm(4)
    assert (layer.alpha, layer.eps) == (0.9, 1e-8)  # the handout's constants
    for name in ("mean", "dgamma", "beta", "dbeta", "running_mean"):
        close(getattr(layer, name), np.zeros((1, 4)))
    for name in ("var", "gamma", "running_var"):
        close(getattr(layer, name), np.ones((1, 4)))


@pytest.mark.parametrize("alpha", [0.9, 0.6])
@pytest.mark.parametrize(("batch", "features"), [(5, 3), (3, 7), (40, 6)])
def test_batchnorm_training(batch: int, features: int, alpha: float) -> None:
    rng = np.random.RandomState(5)
    layer = randomized_batchnorm(rng, features, alpha)
    oracle = torch_batchnorm(layer)
    for step in range(1, 5):
        x = rng.normal(loc=step, scale=2 + step, size=(batch, features))
        delta = rng.normal(size=(batch, features))
        x_t = leaf(x)
        y_t = oracle(x_t)
        dx, dgamma, dbeta = torch.autograd.grad(y_t, [x_t, oracle.weight, oracle.bias], torch.tensor(delta))
        close(layer(x), y_t)
        close(layer.backward(delta), dx)
        close(layer.dgamma, dgamma[None])
        close(layer.dbeta, dbeta[None])
        close(layer.mean, x_t.mean(0, keepdim=True))
        close(layer.var, x_t.var(0, unbiased=False, keepdim=True))

        mean, var = running(oracle)
        close(layer.running_mean, mean[None])
        # torch feeds the unbiased variance in; what is left of the initial 1 is alpha**step on both sides.
        biased = (var - alpha**step) * (batch - 1) / batch + alpha**step
        close(layer.running_var, biased[None])


def test_batchnorm_evaluation_uses_running_statistics_and_the_given_input() -> None:
    rng = np.random.RandomState(6)
    layer = randomized_batchnorm(rng, 5, 0.9)
    for _ in range(3):
        layer(rng.normal(loc=2, scale=3, size=(8, 5)))
    oracle = torch_batchnorm(layer).eval()
    mean, var = running(oracle)
    mean.copy_(torch.tensor(layer.running_mean[0]))
    var.copy_(torch.tensor(layer.running_var[0]))
    before = {name: np.copy(value) for name, value in vars(layer).items()}
    for batch in (1, 11):
        x = rng.normal(size=(batch, 5))
        close(layer(x, eval=True), oracle(torch.tensor(x)))
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(layer, name), value, err_msg=name)


# Linear


@pytest.mark.parametrize(("batch", "fan_in", "fan_out"), SIZES)
def test_linear_against_autograd(batch: int, fan_in: int, fan_out: int) -> None:
    rng = np.random.RandomState(7)
    layer = hw.linear.Linear(fan_in, fan_out, lambda i, o: rng.normal(size=(i, o)), lambda o: rng.normal(size=(1, o)))
    x, delta = rng.normal(size=(batch, fan_in)), rng.normal(size=(batch, fan_out))
    x_t, W_t, b_t = leaf(x), leaf(layer.W), leaf(layer.b)
    y_t = x_t @ W_t + b_t
    dx, dW, db = torch.autograd.grad(y_t, [x_t, W_t, b_t], torch.tensor(delta))
    close(layer(x), y_t)
    close(layer.backward(delta), dx)
    close(layer.dW, dW / batch)
    close(layer.db, db / batch)


# MLP


def weight_init(fan_in: int, fan_out: int) -> Floats:
    # A global draw, as in the course, scaled so that the sigmoids of a wide net are not all saturated.
    return np.random.normal(scale=fan_in**-0.5, size=(fan_in, fan_out))


def bias_init(fan_out: int) -> Floats:
    return np.random.randn(1, fan_out)


TORCH_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "Identity": lambda x: x,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "ReLU": torch.relu,
}


class TorchMLP:
    """The oracle: the same net as a reference MLP, from copies of its parameters, differentiated by autograd."""

    def __init__(self, mlp: Any, activations: list[str]) -> None:
        self.activations = activations
        self.weights = [leaf(layer.W) for layer in mlp.linear_layers]
        self.biases = [leaf(layer.b) for layer in mlp.linear_layers]
        self.norms = [torch_batchnorm(layer) for layer in mlp.bn_layers]

    def forward(self, x: Floats) -> torch.Tensor:
        h = torch.tensor(x)
        for i, name in enumerate(self.activations):
            h = h @ self.weights[i] + self.biases[i]
            if i < len(self.norms):
                h = self.norms[i](h)
            h = TORCH_ACTIVATIONS[name](h)
        return h

    def norm_parameters(self) -> list[torch.Tensor]:
        return [parameter for norm in self.norms for parameter in (norm.weight, norm.bias)]

    def set_grads(self, x: Floats, y: Floats) -> torch.Tensor:
        """Set every gradient and return the losses: of their mean for W and b, of their sum for gamma and beta."""
        losses = functional.cross_entropy(self.forward(x), torch.tensor(y), reduction="none")
        linear = self.weights + self.biases
        grads = torch.autograd.grad(losses.sum(), linear + self.norm_parameters())
        for parameter, grad in zip(linear + self.norm_parameters(), grads, strict=True):
            parameter.grad = grad
        for parameter in linear:
            assert parameter.grad is not None
            parameter.grad /= len(x)
        return losses


# hiddens, activations, BatchNorm layers; the course's shapes of nets, and narrower ones with all sizes different
NETS: list[tuple[list[int], list[str], int]] = [
    ([], ["Identity"], 0),
    ([32], ["Sigmoid", "Identity"], 0),
    ([64, 32], ["Sigmoid", "Tanh", "Identity"], 0),
    ([32] * 5, ["Tanh", "Sigmoid", "ReLU", "Sigmoid", "Tanh", "Identity"], 0),
    ([64, 32], ["Sigmoid", "Sigmoid", "Identity"], 1),
    ([9, 7, 6], ["Tanh", "ReLU", "Sigmoid", "Identity"], 2),
    ([9], ["Tanh", "Identity"], 2),
]


def make_mlp(
    hiddens: list[int], activations: list[str], bn: int, inputs: int = 13, classes: int = 10, **settings: float
) -> Any:
    layers = [getattr(hw.activation, name)() for name in activations]
    criterion = hw.loss.SoftmaxCrossEntropy()
    settings = {"lr": 0.008, **settings}
    return hw.hw1.MLP(inputs, classes, hiddens, layers, weight_init, bias_init, criterion, **settings, num_bn_layers=bn)


@pytest.mark.parametrize(("hiddens", "activations", "bn"), NETS)
def test_mlp_forward_and_backward(hiddens: list[int], activations: list[str], bn: int) -> None:
    np.random.seed(11785)
    rng = np.random.RandomState(8)
    mlp = make_mlp(hiddens, activations, bn)
    oracle = TorchMLP(mlp, activations)
    x, y = rng.normal(size=(20, 13)), one_hot(rng, 20, 10)
    losses = oracle.set_grads(x, y)
    mlp.zero_grads()
    out = mlp(x)
    mlp.backward(y)

    # A bias before a BatchNorm has the gradient 0: only rounding is left of it, so atol carries those comparisons.
    close(out, oracle.forward(x))
    assert mlp.output is out
    close(mlp.total_loss(y), losses.sum())
    for layer, W, b in zip(mlp.linear_layers, oracle.weights, oracle.biases, strict=True):
        close(layer.dW, W.grad)
        close(layer.db, b.grad)
    for layer, norm in zip(mlp.bn_layers, oracle.norms, strict=True):
        assert norm.weight.grad is not None
        assert norm.bias.grad is not None
        close(layer.dgamma, norm.weight.grad[None])
        close(layer.dbeta, norm.bias.grad[None])

    mlp.zero_grads()
    for layer in mlp.linear_layers:
        close(layer.dW, np.zeros(layer.W.shape))
        close(layer.db, np.zeros(layer.b.shape))
    for layer in mlp.bn_layers:
        close(layer.dgamma, np.zeros(layer.gamma.shape))
        close(layer.dbeta, np.zeros(layer.beta.shape))


@pytest.mark.parametrize("momentum", [0.0, 0.856])
@pytest.mark.parametrize(("hiddens", "activations", "bn"), NETS)
def test_step_against_torch_sgd(hiddens: list[int], activations: list[str], bn: int, momentum: float) -> None:
    """Six steps, a new batch each. At a fixed lr torch's v = mu v + g, p -= lr v is the course's rule."""
    np.random.seed(11785)
    rng = np.random.RandomState(9)
    mlp = make_mlp(hiddens, activations, bn, momentum=momentum, lr=0.05)
    oracle = TorchMLP(mlp, activations)
    optimizers = [torch.optim.SGD(oracle.weights + oracle.biases, lr=0.05, momentum=momentum)]
    if oracle.norms:
        optimizers.append(torch.optim.SGD(oracle.norm_parameters(), lr=0.05))
    for _ in range(6):
        x, y = rng.normal(size=(20, 13)), one_hot(rng, 20, 10)
        oracle.set_grads(x, y)
        for optimizer in optimizers:
            optimizer.step()
        mlp.zero_grads()
        mlp.forward(x)
        mlp.backward(y)
        mlp.step()
        for layer, W, b in zip(mlp.linear_layers, oracle.weights, oracle.biases, strict=True):
            close(layer.W, W, rtol=1e-8)
            close(layer.b, b, rtol=1e-8)
        for layer, norm in zip(mlp.bn_layers, oracle.norms, strict=True):
            close(layer.gamma, norm.weight[None], rtol=1e-8)
            close(layer.beta, norm.bias[None], rtol=1e-8)


def test_mlp_at_the_course_size() -> None:
    """784 inputs, unscaled normal weights, zero biases: the sigmoids saturate, and nothing overflows."""
    np.random.seed(11785)
    layers = [hw.activation.Sigmoid(), hw.activation.Sigmoid(), hw.activation.Identity()]
    criterion = hw.loss.SoftmaxCrossEntropy()
    mlp = hw.hw1.MLP(784, 10, [64, 32], layers, np.random.randn, lambda n: np.zeros((1, n)), criterion, 0.008)
    oracle = TorchMLP(mlp, ["Sigmoid", "Sigmoid", "Identity"])
    rng = np.random.RandomState(10)
    x, y = rng.uniform(size=(20, 784)), one_hot(rng, 20, 10)
    oracle.set_grads(x, y)
    mlp(x)
    mlp.backward(y)
    for layer, W, b in zip(mlp.linear_layers, oracle.weights, oracle.biases, strict=True):
        close(layer.dW, W.grad, rtol=1e-9)
        close(layer.db, b.grad, rtol=1e-9)


def test_mlp_evaluation_mode() -> None:
    np.random.seed(11785)
    rng = np.random.RandomState(11)
    mlp = make_mlp([9, 7], ["Tanh", "Sigmoid", "Identity"], 2)
    for _ in range(3):
        mlp(rng.normal(loc=1, size=(20, 13)))
    oracle = TorchMLP(mlp, ["Tanh", "Sigmoid", "Identity"])
    for layer, norm in zip(mlp.bn_layers, oracle.norms, strict=True):
        mean, var = running(norm.eval())
        mean.copy_(torch.tensor(layer.running_mean[0]))
        var.copy_(torch.tensor(layer.running_var[0]))
    x, y = rng.normal(size=(6, 13)), one_hot(rng, 6, 10)
    assert mlp.train_mode
    mlp.eval()
    assert not mlp.train_mode
    state = np.random.get_state()
    close(mlp(x), oracle.forward(x))
    assert all(np.array_equal(a, b) for a, b in zip(state, np.random.get_state(), strict=True))
    assert mlp.error(y) == (oracle.forward(x).argmax(1) != torch.tensor(y).argmax(1)).sum().item()
    mlp.train()
    assert mlp.train_mode


def test_mlp_draws_weights_layer_by_layer() -> None:
    np.random.seed(11785)
    mlp = make_mlp([5, 4], ["Tanh", "Tanh", "Identity"], 1, inputs=6, classes=3)
    np.random.seed(11785)
    for layer, (fan_in, fan_out) in zip(mlp.linear_layers, [(6, 5), (5, 4), (4, 3)], strict=True):
        close(layer.W, weight_init(fan_in, fan_out))
        close(layer.b, bias_init(fan_out))
    assert (mlp.nlayers, mlp.bn, len(mlp.bn_layers)) == (3, True, 1)


def test_interface_defaults() -> None:
    """The handout's signature of MLP."""
    parameters = inspect.signature(hw.hw1.MLP).parameters
    names = "input_size output_size hiddens activations weight_init_fn bias_init_fn criterion lr momentum num_bn_layers"
    assert " ".join(parameters) == names
    assert parameters["momentum"].default == 0.0
    assert parameters["num_bn_layers"].default == 0


def test_mlp_refuses_arguments_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="2 layers need as many activations, got 1"):
        make_mlp([4], ["Tanh"], 0)
    with pytest.raises(ValueError, match="between 0 and 2, got 3"):
        make_mlp([4], ["Tanh", "Identity"], 3)


# Training


@pytest.mark.parametrize("bn", [0, 1])
def test_get_training_stats(bn: int) -> None:
    np.random.seed(11785)
    rng = np.random.RandomState(12)
    teacher = rng.normal(size=(6, 3))

    def part(samples: int) -> tuple[Floats, Floats]:
        x = rng.normal(size=(samples, 6))
        return x, np.eye(3)[(x @ teacher).argmax(axis=1)]

    train, val, test = part(101), part(37), part(5)
    mlp = make_mlp([12], ["Tanh", "Identity"], bn, inputs=6, classes=3, lr=0.02, momentum=0.8)
    stats = hw.hw1.get_training_stats(mlp, (train, val, test), 30, 20)
    assert [s.shape for s in stats] == [(30,)] * 4
    train_losses, train_errors, val_losses, val_errors = stats
    assert train_losses[-1] < 0.5 * train_losses[0]
    assert val_losses[-1] < val_losses[0]
    assert train_errors[-1] < train_errors[0]
    assert val_errors[-1] < 0.25
    for errors in (train_errors, val_errors):
        assert (errors >= 0).all()
        assert (errors <= 1).all()

    # The last validation figures are those of the whole set in one batch: the short last one is weighted right.
    mlp.eval()
    logits = torch.tensor(mlp(val[0]))
    targets = torch.tensor(val[1]).argmax(1)
    close(val_losses[-1], functional.cross_entropy(logits, targets))
    close(val_errors[-1], (logits.argmax(1) != targets).double().mean())


def test_training_figures_are_means_over_samples() -> None:
    """At learning rate 0 the net stands still, so an epoch's training figures are those of the whole set."""
    np.random.seed(11785)
    rng = np.random.RandomState(13)
    x, y = rng.normal(size=(23, 13)), one_hot(rng, 23, 10)
    mlp = make_mlp([8], ["Tanh", "Identity"], 0, lr=0.0)
    losses, errors, _, _ = hw.hw1.get_training_stats(mlp, ((x, y), (x, y), (x, y)), 2, 10)
    logits = TorchMLP(mlp, ["Tanh", "Identity"]).forward(x)
    targets = torch.tensor(y).argmax(1)
    close(losses, functional.cross_entropy(logits, targets).repeat(2))
    close(errors, (logits.argmax(1) != targets).double().mean().repeat(2))


# Multiple choice


def test_multiple_choice_key() -> None:
    """Published: the course's key b, a, a, a, c."""
    questions = [getattr(hw.mc, f"question_{k}") for k in range(1, 6)]
    assert [question() for question in questions] == ["b", "a", "a", "a", "c"]
