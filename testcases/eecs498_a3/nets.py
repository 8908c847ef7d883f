"""What the tests of both networks do: a scenario on decoys of the layers, for TwoLayerNet and FullyConnectedNet.

What regularisation adds is compared alone: no layer has a part in it, and the loss must go by the same L2 convention as
the gradients.

`net` is a row of this module, TWO_LAYER or FULLY_CONNECTED. `dims` are D, the hidden sizes and C.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from inputs import added, draw, draw_params, fill, labels, train
from stand_ins import Decoys, on_layers


@dataclass(frozen=True)
class Net:
    """A network of the homework."""

    name: str
    """The name of its class."""
    build: Callable[..., Any]
    """Makes one from its class, dims and options."""


def build_two_layer(net_class, dims, reg=0.0, weight_scale=1e-3, dtype=torch.float64):
    """A TwoLayerNet with the sizes dims."""
    return net_class(
        input_dim=dims[0],
        hidden_dim=dims[1],
        num_classes=dims[2],
        weight_scale=weight_scale,
        reg=reg,
        dtype=dtype,
        device="cpu",
    )


def build_fully_connected(net_class, dims, dropout=0.0, reg=0.0, weight_scale=1e-2, dtype=torch.float64, *, seed=None):
    """A FullyConnectedNet with the sizes dims."""
    return net_class(
        list(dims[1:-1]),
        input_dim=dims[0],
        num_classes=dims[-1],
        dropout=dropout,
        reg=reg,
        weight_scale=weight_scale,
        seed=seed,
        dtype=dtype,
        device="cpu",
    )


TWO_LAYER = Net("TwoLayerNet", build_two_layer)
FULLY_CONNECTED = Net("FullyConnectedNet", build_fully_connected)


def check_init(check, rng, submission, net, dims):
    """How parameters start. Each weight needs 20,000 elements, or the tolerances fail right networks."""
    layers = range(1, len(dims))
    drawn = {layer: [] for layer in layers}
    for case in ("first", "second"):
        scale = 0.01 * 10 ** rng.uniform(0, 1)
        built = net.build(getattr(submission.fully_connected_networks, net.name), dims, weight_scale=scale)
        names = [f"{kind}{layer}" for layer in layers for kind in "Wb"]
        check(f"shapes of the {case} net", "; ".join(f"{name} {tuple(built.params[name].shape)}" for name in names))
        for name in (f"W{layer}" for layer in layers):
            w = built.params[name].double()
            # of 20,000 draws and more: a deviation is off by 0.7 %, a mean or a share by 0.01, if two runs are compared
            check(f"deviation of {name} of the {case} net", w.std(), rtol=0.05, atol=0.0)
            check(f"mean of {name} / weight_scale of the {case} net", w.mean() / scale, rtol=0.0, atol=0.07)
            within = (w.abs() < scale).double().mean()
            check(f"share of {name} within weight_scale of the {case} net", within, rtol=0.0, atol=0.04)
            drawn[int(name[1:])].append(w - w.mean())
        for name in (f"b{layer}" for layer in layers):
            check(f"{name} of the {case} net", built.params[name])
        check(f"dtype of the {case} net", str(built.params["W1"].dtype))
    # whatever their deviation and mean, which are judged above; weights that are all the same have no likeness
    for layer, (first, second) in drawn.items():
        size = (first.norm() * second.norm()).clamp(min=1e-30)
        check(f"correlation of W{layer} in the two nets", (first * second).sum() / size, rtol=0.0, atol=0.07)


def check_scores(check, rng, submission, net, dims, count):
    """The scores of `count` examples."""
    params, X = draw_params(rng, dims), draw(rng, count, dims[0])

    def scenario(net_class, _):
        built = net.build(net_class, dims, reg=0.3)
        fill(built, params)
        return built.loss(X.clone())

    check("loss(X)", on_layers(submission, Decoys(rng), net.name, scenario, dims, evaluations=1))


def check_loss_and_gradients(check, rng, submission, net, dims, count):
    """The loss of `count` examples and its gradients, without regularisation."""
    params, X, y = draw_params(rng, dims), draw(rng, count, dims[0]), labels(rng, count, dims[-1])

    def scenario(net_class, _):
        return train(net.build(net_class, dims), params, X, y)

    for name, value in on_layers(submission, Decoys(rng), net.name, scenario, dims, trainings=1).items():
        check(name, value)


def check_regularised(check, rng, submission, net, dims, count):
    """What regularisation adds to the loss of `count` examples and to its gradients."""
    params, X, y = draw_params(rng, dims), draw(rng, count, dims[0]), labels(rng, count, dims[-1])
    reg = rng.uniform(0.3, 0.9)

    def scenario(net_class, _):
        return added(*(train(net.build(net_class, dims, reg=value), params, X, y) for value in (reg, 0.0)))

    for name, value in on_layers(submission, Decoys(rng), net.name, scenario, dims, trainings=2).items():
        check(name, value, atol=1e-9)
