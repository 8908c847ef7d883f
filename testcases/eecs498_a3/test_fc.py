"""FullyConnectedNet without dropout, on decoys of its layers."""

import tempfile
from pathlib import Path

import nets
import pytest
import torch
import unseen_nets
from inputs import draw, draw_params, fill, labels
from stand_ins import Decoys, on_layers

from grader.testing import number, visibility, weight

DEPTHS = pytest.mark.parametrize(
    ("count", "dims"),
    [(4, (6, 8, 3)), (9, (5, 7, 10, 4)), (7, (8, 11, 6, 9, 5)), (10, (7, 12, 9, 6, 8, 3))],
    ids=["2 layers", "3 layers", "4 layers", "5 layers"],
)
"""N, and D, the hidden sizes, C."""


@weight(2)
@number("5.1")
def test_init(submission, rng, check):
    """FullyConnectedNet starts with normal weights of deviation weight_scale, and biases of zero"""
    nets.check_init(check, rng, submission, nets.FULLY_CONNECTED, (70, 300, 80, 250))


@weight(3)
@number("5.2")
@DEPTHS
def test_scores(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X) returns the scores"""
    nets.check_scores(check, rng, submission, nets.FULLY_CONNECTED, dims, count)


@weight(5)
@number("5.3")
@DEPTHS
def test_loss_and_gradients(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X, y) without regularisation"""
    nets.check_loss_and_gradients(check, rng, submission, nets.FULLY_CONNECTED, dims, count)


@weight(5)
@number("5.4")
@DEPTHS
def test_regularised(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X, y) with regularisation"""
    nets.check_regularised(check, rng, submission, nets.FULLY_CONNECTED, dims, count)


@weight(2)
@number("5.5")
def test_save_and_load(submission, rng, check):
    """FullyConnectedNet.load takes over what save wrote"""
    dims = (6, 9, 8, 4)
    params, X = draw_params(rng, dims), draw(rng, 5, 6)

    def scenario(net_class, _):
        net, other = nets.build_fully_connected(net_class, dims, reg=0.25), nets.build_fully_connected(net_class, dims)
        fill(net, params)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "net.pt")
            net.save(path)
            other.load(path, torch.float64, "cpu")
            values = {"scores after loading": other.loss(X.clone()), "reg after loading": float(other.reg)}
            values |= {f"{name} after loading": int(getattr(other, name)) for name in ("num_layers", "use_dropout")}
            other.load(path, torch.float32, "cpu")
        values["dtype after loading as float32"] = str(other.params["W2"].dtype)
        return values, other.loss(X.to(torch.float32))

    values, scores = on_layers(submission, Decoys(rng), "FullyConnectedNet", scenario, dims, evaluations=2)
    for name, value in values.items():
        check(name, value)
    check("scores in float32", scores, rtol=1e-4)


@weight(2)
@number("5.6")
@visibility("hidden")
def test_pictures(submission, rng, check):
    """FullyConnectedNet on pictures"""
    unseen_nets.check_pictures(check, rng, submission, nets.FULLY_CONNECTED, (30, 13, 8, 6), (11, 2, 3, 5))


@weight(1)
@number("5.7")
@visibility("hidden")
def test_float32(submission, rng, check):
    """FullyConnectedNet in float32"""
    unseen_nets.check_float32(check, rng, submission, nets.FULLY_CONNECTED, (9, 14, 7, 5), 8)


@weight(0)
@number("5.8")
@pytest.mark.parametrize(
    ("name", "hidden"),
    [("get_three_layer_network_params", [100, 100]), ("get_five_layer_network_params", [100, 100, 100, 100])],
    ids=["3 layers", "5 layers"],
)
def test_overfits(submission, rng, check, name, hidden):
    """Remark, no points: your weight_scale and learning_rate fit twenty made examples, on your own layers"""
    networks = submission.fully_connected_networks
    weight_scale, learning_rate = getattr(networks, name)()
    dims = (3072, *hidden, 10)
    net = nets.build_fully_connected(networks.FullyConnectedNet, dims, weight_scale=weight_scale, dtype=torch.float32)
    X, y = draw(rng, 20, 3072, dtype=torch.float32) / 4, labels(rng, 20, 10)
    losses = []
    for _ in range(20):
        loss, grads = net.loss(X.clone(), y)
        losses.append(float(loss))
        for key, value in grads.items():
            net.params[key] = net.params[key] - learning_rate * value
    check.decreasing("loss", losses)
