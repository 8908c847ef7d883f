"""FullyConnectedNet without dropout, on decoys of its layers. What regularisation adds is compared alone: no layer has
a part in it, and the loss must go by the same L2 convention as the gradients."""

import tempfile
from pathlib import Path

import pytest
import torch
from inputs import added, draw, draw_params, fill, labels, train
from stand_ins import Decoys, on_decoys

from grader.testing import number, visibility, weight

DEPTHS = pytest.mark.parametrize(
    ("count", "dims"),
    [(4, (6, 8, 3)), (9, (5, 7, 10, 4)), (7, (8, 11, 6, 9, 5)), (10, (7, 12, 9, 6, 8, 3))],
    ids=["2 layers", "3 layers", "4 layers", "5 layers"],
)
"""N, and D, the hidden sizes, C."""


def build(net, dims, reg=0.0, weight_scale=1e-2, dtype=torch.float64):
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


@weight(2)
@number("5.1")
def test_init(submission, rng, check):
    """FullyConnectedNet starts with normal weights of deviation weight_scale, and biases of zero"""
    for case in ("first", "second"):
        scale = 0.01 * 10 ** rng.uniform(0, 1)
        net = build(submission.fully_connected_networks.FullyConnectedNet, (70, 300, 80, 250), weight_scale=scale)
        names = ("W1", "b1", "W2", "b2", "W3", "b3")
        check(f"shapes of the {case} net", "; ".join(f"{name} {tuple(net.params[name].shape)}" for name in names))
        for name in ("W1", "W2", "W3"):
            w = net.params[name].double()
            # of 20,000 draws and more: a deviation is off by 0.7 %, a mean or a share by 0.01, if two runs are compared
            check(f"deviation of {name} of the {case} net", w.std(), rtol=0.05, atol=0.0)
            check(f"mean of {name} / weight_scale of the {case} net", w.mean() / scale, rtol=0.0, atol=0.07)
            within = (w.abs() < scale).double().mean()
            check(f"share of {name} within weight_scale of the {case} net", within, rtol=0.0, atol=0.04)
        for name in ("b1", "b2", "b3"):
            check(f"{name} of the {case} net", net.params[name])
        check(f"dtype of the {case} net", str(net.params["W1"].dtype))


@weight(3)
@number("5.2")
@DEPTHS
def test_scores(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X) returns the scores"""
    params, X = draw_params(rng, dims), draw(rng, count, dims[0])

    def scenario(net_class, _):
        net = build(net_class, dims, reg=0.3)
        fill(net, params)
        return net.loss(X.clone())

    check("loss(X)", on_decoys(submission, Decoys(rng), "FullyConnectedNet", scenario, dims, evaluations=1))


@weight(5)
@number("5.3")
@DEPTHS
def test_loss_and_gradients(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X, y) without regularisation"""
    params, X, y = draw_params(rng, dims), draw(rng, count, dims[0]), labels(rng, count, dims[-1])

    def scenario(net_class, _):
        return train(build(net_class, dims), params, X, y)

    for name, value in on_decoys(submission, Decoys(rng), "FullyConnectedNet", scenario, dims, trainings=1).items():
        check(name, value)


@weight(5)
@number("5.4")
@DEPTHS
def test_regularised(submission, rng, check, count, dims):
    """FullyConnectedNet.loss(X, y) with regularisation"""
    params, X, y = draw_params(rng, dims), draw(rng, count, dims[0]), labels(rng, count, dims[-1])
    reg = rng.uniform(0.3, 0.9)

    def scenario(net_class, _):
        return added(*(train(build(net_class, dims, reg=value), params, X, y) for value in (reg, 0.0)))

    for name, value in on_decoys(submission, Decoys(rng), "FullyConnectedNet", scenario, dims, trainings=2).items():
        check(name, value, atol=1e-9)


@weight(2)
@number("5.5")
def test_save_and_load(submission, rng, check):
    """FullyConnectedNet.load takes over what save wrote"""
    dims = (6, 9, 8, 4)
    params, X = draw_params(rng, dims), draw(rng, 5, 6)

    def scenario(net_class, _):
        net, other = build(net_class, dims, reg=0.25), build(net_class, dims)
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

    values, scores = on_decoys(submission, Decoys(rng), "FullyConnectedNet", scenario, dims, evaluations=2)
    for name, value in values.items():
        check(name, value)
    check("scores in float32", scores, rtol=1e-4)


@weight(2)
@number("5.6")
@visibility("hidden")
def test_pictures(submission, rng, check):
    """FullyConnectedNet on pictures"""
    dims = (30, 13, 8, 6)
    params, X, y = draw_params(rng, dims), draw(rng, 11, 2, 3, 5), labels(rng, 11, 6)

    def scenario(net_class, _):
        net = build(net_class, dims)
        values = train(net, params, X, y)
        return {"loss(X)": net.loss(X.clone()), **values}

    found = on_decoys(submission, Decoys(rng), "FullyConnectedNet", scenario, dims, evaluations=1, trainings=1)
    for name, value in found.items():
        check(name, value)


@weight(1)
@number("5.7")
@visibility("hidden")
def test_float32(submission, rng, check):
    """FullyConnectedNet in float32"""
    dims, dtype = (9, 14, 7, 5), torch.float32
    params, X, y = draw_params(rng, dims, dtype=dtype), draw(rng, 8, 9, dtype=dtype), labels(rng, 8, 5)

    def scenario(net_class, _):
        net = build(net_class, dims, dtype=dtype)
        return {"dtype": str(net.params["W3"].dtype), **train(net, params, X, y)}

    for name, value in on_decoys(submission, Decoys(rng), "FullyConnectedNet", scenario, dims, trainings=1).items():
        check(name, value)


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
    net = build(networks.FullyConnectedNet, dims, weight_scale=weight_scale, dtype=torch.float32)
    X, y = draw(rng, 20, 3072, dtype=torch.float32) / 4, labels(rng, 20, 10)
    losses = []
    for _ in range(20):
        loss, grads = net.loss(X.clone(), y)
        losses.append(float(loss))
        for key, value in grads.items():
            net.params[key] = net.params[key] - learning_rate * value
    check.decreasing("loss", losses)
