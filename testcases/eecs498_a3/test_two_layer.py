"""TwoLayerNet on decoys of its layers. What regularisation adds is compared alone: no layer has a part in it."""

import pytest
import torch
from inputs import added, draw, draw_params, fill, labels, line, train
from stand_ins import Decoys, on_decoys

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(("count", "dims"), [(5, (6, 7, 4)), (8, (3, 9, 11))], ids=["small", "wide"])
"""N, and D, H, C."""


def build(net, dims, reg=0.0, weight_scale=1e-3, dtype=torch.float64):
    return net(
        input_dim=dims[0],
        hidden_dim=dims[1],
        num_classes=dims[2],
        weight_scale=weight_scale,
        reg=reg,
        dtype=dtype,
        device="cpu",
    )


@weight(0)
@number("4.1")
def test_published(submission, check):
    """Remark, no points: TwoLayerNet and your own layers on the course's numbers"""
    count, inputs, hidden, classes = 3, 5, 50, 7
    net = build(submission.fully_connected_networks.TwoLayerNet, (inputs, hidden, classes))
    params = {
        "W1": line(-0.7, 0.3, inputs, hidden),
        "b1": line(-0.1, 0.9, hidden),
        "W2": line(-0.3, 0.4, hidden, classes),
        "b2": line(-0.9, 0.1, classes),
    }
    fill(net, params)
    X, y = line(-5.5, 4.5, inputs, count).t(), torch.tensor([0, 5, 1])
    row = [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096]
    check("scores, row 0", net.loss(X)[0], published=row)
    check("loss without regularisation", net.loss(X, y)[0], published=3.4702243556)
    net.reg = 1.0
    check("loss with reg = 1", net.loss(X, y)[0], published=49.719461034881775)


@weight(2)
@number("4.2")
def test_init(submission, rng, check):
    """TwoLayerNet starts with normal weights of deviation weight_scale, and biases of zero"""
    for case in ("first", "second"):
        scale = 0.01 * 10 ** rng.uniform(0, 1)
        net = build(submission.fully_connected_networks.TwoLayerNet, (60, 400, 50), weight_scale=scale)
        shapes = "; ".join(f"{name} {tuple(net.params[name].shape)}" for name in ("W1", "b1", "W2", "b2"))
        check(f"shapes of the {case} net", shapes)
        for name in ("W1", "W2"):
            w = net.params[name].double()
            # of 20,000 draws and more: a deviation is off by 0.7 %, a mean or a share by 0.01, if two runs are compared
            check(f"deviation of {name} of the {case} net", w.std(), rtol=0.05, atol=0.0)
            check(f"mean of {name} / weight_scale of the {case} net", w.mean() / scale, rtol=0.0, atol=0.07)
            within = (w.abs() < scale).double().mean()
            check(f"share of {name} within weight_scale of the {case} net", within, rtol=0.0, atol=0.04)
        for name in ("b1", "b2"):
            check(f"{name} of the {case} net", net.params[name])
        check(f"dtype of the {case} net", str(net.params["W1"].dtype))


@weight(3)
@number("4.3")
@SIZES
def test_scores(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X) returns the scores"""
    params, X = draw_params(rng, dims), draw(rng, count, dims[0])

    def scenario(net_class, _):
        net = build(net_class, dims, reg=0.3)
        fill(net, params)
        return net.loss(X.clone())

    check("loss(X)", on_decoys(submission, Decoys(rng), "TwoLayerNet", scenario, dims, evaluations=1))


@weight(4)
@number("4.4")
@SIZES
def test_loss_and_gradients(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X, y) without regularisation"""
    params, X, y = draw_params(rng, dims), draw(rng, count, dims[0]), labels(rng, count, dims[2])

    def scenario(net_class, _):
        return train(build(net_class, dims), params, X, y)

    for name, value in on_decoys(submission, Decoys(rng), "TwoLayerNet", scenario, dims, trainings=1).items():
        check(name, value)


@weight(4)
@number("4.5")
@SIZES
def test_regularised(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X, y) with regularisation"""
    params, X, y = draw_params(rng, dims), draw(rng, count, dims[0]), labels(rng, count, dims[2])
    reg = rng.uniform(0.3, 0.9)

    def scenario(net_class, _):
        return added(*(train(build(net_class, dims, reg=value), params, X, y) for value in (reg, 0.0)))

    for name, value in on_decoys(submission, Decoys(rng), "TwoLayerNet", scenario, dims, trainings=2).items():
        check(name, value, atol=1e-9)


@weight(2)
@number("4.6")
@visibility("hidden")
def test_pictures(submission, rng, check):
    """TwoLayerNet on pictures"""
    dims = (24, 10, 5)
    params, X, y = draw_params(rng, dims), draw(rng, 7, 2, 3, 4), labels(rng, 7, 5)

    def scenario(net_class, _):
        net = build(net_class, dims)
        values = train(net, params, X, y)
        return {"loss(X)": net.loss(X.clone()), **values}

    found = on_decoys(submission, Decoys(rng), "TwoLayerNet", scenario, dims, evaluations=1, trainings=1)
    for name, value in found.items():
        check(name, value)


@weight(1)
@number("4.7")
@visibility("hidden")
def test_float32(submission, rng, check):
    """TwoLayerNet in float32"""
    dims, dtype = (12, 8, 3), torch.float32
    params, X, y = draw_params(rng, dims, dtype=dtype), draw(rng, 9, 12, dtype=dtype), labels(rng, 9, 3)

    def scenario(net_class, _):
        net = build(net_class, dims, dtype=dtype)
        return {"dtype": str(net.params["W2"].dtype), **train(net, params, X, y)}

    for name, value in on_decoys(submission, Decoys(rng), "TwoLayerNet", scenario, dims, trainings=1).items():
        check(name, value)


@weight(0)
@number("4.8")
def test_solver(submission, rng, check):
    """Remark, no points: create_solver_instance trains your own layers on made data"""
    create = submission.fully_connected_networks.create_solver_instance
    y = labels(rng, 60, 10)
    X = draw(rng, 60, 3072, dtype=torch.float32) + 0.1 * draw(rng, 10, 3072, dtype=torch.float32)[y]
    data = {"X_train": X[:50], "y_train": y[:50], "X_val": X[50:], "y_val": y[50:]}
    solver = create(data, torch.float32, "cpu")
    solver.verbose, solver.batch_size, solver.num_epochs = False, 25, 6
    solver.train()
    check.decreasing("loss", solver.loss_history)
