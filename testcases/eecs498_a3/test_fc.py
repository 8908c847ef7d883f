"""FullyConnectedNet without dropout. Loss and gradients of one net stand in one test: one L2 convention for both."""

import tempfile
from pathlib import Path

import pytest
import torch
from inputs import draw, draw_params, fill, labels
from stand_ins import mended

from grader.testing import number, visibility, weight

DEPTHS = pytest.mark.parametrize(
    ("count", "dims"),
    [(4, (6, 8, 3)), (9, (5, 7, 10, 4)), (7, (8, 11, 6, 9, 5)), (10, (7, 12, 9, 6, 8, 3))],
    ids=["2 layers", "3 layers", "4 layers", "5 layers"],
)
"""N, and D, the hidden sizes, C."""


def build(submission, dims, reg=0.0, weight_scale=1e-2, dtype=torch.float64):
    net = mended(submission, "FullyConnectedNet")
    return net(
        list(dims[1:-1]),
        input_dim=dims[0],
        num_classes=dims[-1],
        dropout=0.0,
        reg=reg,
        weight_scale=weight_scale,
        seed=None,
        dtype=dtype,
        device="cpu",
    )


def check_loss(net, rng, check, X, classes):
    loss, grads = net.loss(X, labels(rng, X.shape[0], classes))
    check("loss", loss)
    for layer in range(1, net.num_layers + 1):
        check(f"gradient of W{layer}", grads[f"W{layer}"])
        check(f"gradient of b{layer}", grads[f"b{layer}"])


@weight(2)
@number("5.1")
def test_init(submission, check):
    """FullyConnectedNet starts with normal weights of deviation weight_scale, and biases of zero"""
    net = build(submission, (70, 300, 80, 250), weight_scale=0.05)
    names = ("W1", "b1", "W2", "b2", "W3", "b3")
    check("shapes", "; ".join(f"{name} {tuple(net.params[name].shape)}" for name in names))
    for name in ("W1", "W2", "W3"):
        w = net.params[name].double() / 0.05
        # of 20,000 draws and more: a deviation is off by 0.7 %, a mean or a share by 0.01, when two runs are compared
        check(f"deviation of {name} / weight_scale", w.std(), rtol=0.05, atol=0.0)
        check(f"mean of {name} / weight_scale", w.mean(), rtol=0.0, atol=0.07)
        check(f"share of {name} within one deviation", (w.abs() < 1).double().mean(), rtol=0.0, atol=0.04)
    for name in ("b1", "b2", "b3"):
        check(name, net.params[name])
    check("dtype", str(net.params["W1"].dtype))


@weight(3)
@number("5.2")
@DEPTHS
def test_scores(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X) returns the scores"""
    net = build(submission, dims, reg=0.3)
    fill(net, draw_params(rng, dims))
    check("loss(X)", net.loss(draw(rng, count, dims[0])))


@weight(5)
@number("5.3")
@DEPTHS
def test_loss_and_gradients(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X, y) without regularisation"""
    net = build(submission, dims)
    fill(net, draw_params(rng, dims))
    check_loss(net, rng, check, draw(rng, count, dims[0]), dims[-1])


@weight(5)
@number("5.4")
@DEPTHS
def test_regularised(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X, y) with regularisation"""
    net = build(submission, dims, reg=0.6)
    fill(net, draw_params(rng, dims))
    check_loss(net, rng, check, draw(rng, count, dims[0]), dims[-1])


@weight(2)
@number("5.5")
def test_save_and_load(submission, rng, check):
    """FullyConnectedNet.load takes over what save wrote"""
    dims = (6, 9, 8, 4)
    net = build(submission, dims, reg=0.25)
    fill(net, draw_params(rng, dims))
    other = build(submission, dims)
    X = draw(rng, 5, 6)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "net.pt")
        net.save(path)
        other.load(path, torch.float64, "cpu")
        check("scores after loading", other.loss(X.clone()))
        check("reg after loading", float(other.reg))
        check("num_layers after loading", int(other.num_layers))
        check("use_dropout after loading", int(other.use_dropout))
        other.load(path, torch.float32, "cpu")
    check("dtype after loading as float32", str(other.params["W2"].dtype))
    check("scores in float32", other.loss(X.to(torch.float32)), rtol=1e-4)


@weight(2)
@number("5.6")
@visibility("hidden")
def test_pictures(submission, rng, check):
    """FullyConnectedNet on pictures, with weak regularisation"""
    dims = (30, 13, 8, 6)
    net = build(submission, dims, reg=0.04)
    fill(net, draw_params(rng, dims))
    X = draw(rng, 11, 2, 3, 5)
    check("loss(X)", net.loss(X.clone()))
    check_loss(net, rng, check, X, 6)


@weight(1)
@number("5.7")
@visibility("hidden")
def test_float32(submission, rng, check):
    """FullyConnectedNet in float32"""
    dims = (9, 14, 7, 5)
    net = build(submission, dims, reg=0.1, dtype=torch.float32)
    check("dtype", str(net.params["W3"].dtype))
    fill(net, draw_params(rng, dims, dtype=torch.float32))
    check_loss(net, rng, check, draw(rng, 8, 9, dtype=torch.float32), 5)


@weight(0)
@number("5.8")
@pytest.mark.parametrize(
    ("name", "hidden"),
    [("get_three_layer_network_params", [100, 100]), ("get_five_layer_network_params", [100, 100, 100, 100])],
    ids=["3 layers", "5 layers"],
)
def test_overfits(submission, rng, check, name, hidden):
    """Remark, no points: your weight_scale and learning_rate fit twenty made examples"""
    weight_scale, learning_rate = getattr(submission.fully_connected_networks, name)()
    dims = (3072, *hidden, 10)
    net = build(submission, dims, weight_scale=weight_scale, dtype=torch.float32)
    X, y = draw(rng, 20, 3072, dtype=torch.float32) / 4, labels(rng, 20, 10)
    losses = []
    for _ in range(20):
        loss, grads = net.loss(X.clone(), y)
        losses.append(float(loss))
        for key, value in grads.items():
            net.params[key] = net.params[key] - learning_rate * value
    check.decreasing("loss", losses)
