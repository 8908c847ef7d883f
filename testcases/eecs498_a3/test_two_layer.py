"""TwoLayerNet. Loss and gradients of one net stand in one test: the L2 term of both must follow one convention."""

import pytest
import torch
from inputs import draw, draw_params, fill, labels, line
from stand_ins import mended

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(("count", "dims"), [(5, (6, 7, 4)), (8, (3, 9, 11))], ids=["small", "wide"])
"""N, and D, H, C."""


def build(submission, dims, reg=0.0, weight_scale=1e-3, dtype=torch.float64):
    net = mended(submission, "TwoLayerNet")
    return net(
        input_dim=dims[0],
        hidden_dim=dims[1],
        num_classes=dims[2],
        weight_scale=weight_scale,
        reg=reg,
        dtype=dtype,
        device="cpu",
    )


def check_loss(net, rng, check, X, classes):
    loss, grads = net.loss(X, labels(rng, X.shape[0], classes))
    check("loss", loss)
    for name in ("W1", "b1", "W2", "b2"):
        check(f"gradient of {name}", grads[name])


@weight(3)
@number("4.1")
def test_published(submission, check):
    """TwoLayerNet on the course's numbers"""
    count, inputs, hidden, classes = 3, 5, 50, 7
    net = build(submission, (inputs, hidden, classes))
    params = {
        "W1": line(-0.7, 0.3, inputs, hidden),
        "b1": line(-0.1, 0.9, hidden),
        "W2": line(-0.3, 0.4, hidden, classes),
        "b2": line(-0.9, 0.1, classes),
    }
    fill(net, params)
    X, y = line(-5.5, 4.5, inputs, count).t(), torch.tensor([0, 5, 1])
    row = [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096]
    check("scores, row 0", net.loss(X)[0], points=1, published=row)
    check("loss without regularisation", net.loss(X, y)[0], points=1, published=3.4702243556)
    net.reg = 1.0
    check("loss with reg = 1", net.loss(X, y)[0], points=1, published=49.719461034881775)


@weight(2)
@number("4.2")
def test_init(submission, check):
    """TwoLayerNet starts with normal weights of deviation weight_scale, and biases of zero"""
    net = build(submission, (60, 400, 50), weight_scale=0.02)
    check("shapes", "; ".join(f"{name} {tuple(net.params[name].shape)}" for name in ("W1", "b1", "W2", "b2")))
    for name in ("W1", "W2"):
        w = net.params[name].double() / 0.02
        # of 20,000 draws and more: a deviation is off by 0.7 %, a mean or a share by 0.01, when two runs are compared
        check(f"deviation of {name} / weight_scale", w.std(), rtol=0.05, atol=0.0)
        check(f"mean of {name} / weight_scale", w.mean(), rtol=0.0, atol=0.07)
        check(f"share of {name} within one deviation", (w.abs() < 1).double().mean(), rtol=0.0, atol=0.04)
    for name in ("b1", "b2"):
        check(name, net.params[name])
    check("dtype", str(net.params["W1"].dtype))


@weight(2)
@number("4.3")
@SIZES
def test_scores(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X) returns the scores"""
    net = build(submission, dims, reg=0.3)
    fill(net, draw_params(rng, dims))
    check("loss(X)", net.loss(draw(rng, count, dims[0])))


@weight(3)
@number("4.4")
@SIZES
def test_loss_and_gradients(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X, y) without regularisation"""
    net = build(submission, dims)
    fill(net, draw_params(rng, dims))
    check_loss(net, rng, check, draw(rng, count, dims[0]), dims[2])


@weight(3)
@number("4.5")
@SIZES
def test_regularised(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X, y) with regularisation"""
    net = build(submission, dims, reg=0.7)
    fill(net, draw_params(rng, dims))
    check_loss(net, rng, check, draw(rng, count, dims[0]), dims[2])


@weight(2)
@number("4.6")
@visibility("hidden")
def test_pictures(submission, rng, check):
    """TwoLayerNet on pictures, with weak regularisation"""
    dims = (24, 10, 5)
    net = build(submission, dims, reg=0.05)
    fill(net, draw_params(rng, dims))
    X = draw(rng, 7, 2, 3, 4)
    check("loss(X)", net.loss(X.clone()))
    check_loss(net, rng, check, X, 5)


@weight(1)
@number("4.7")
@visibility("hidden")
def test_float32(submission, rng, check):
    """TwoLayerNet in float32"""
    dims = (12, 8, 3)
    net = build(submission, dims, reg=0.2, dtype=torch.float32)
    check("dtype", str(net.params["W2"].dtype))
    fill(net, draw_params(rng, dims, dtype=torch.float32))
    check_loss(net, rng, check, draw(rng, 9, 12, dtype=torch.float32), 3)


@weight(0)
@number("4.8")
def test_solver(submission, rng, check):
    """Remark, no points: create_solver_instance trains on made data"""
    create = mended(submission, "create_solver_instance")
    y = labels(rng, 60, 10)
    X = draw(rng, 60, 3072, dtype=torch.float32) + 0.1 * draw(rng, 10, 3072, dtype=torch.float32)[y]
    data = {"X_train": X[:50], "y_train": y[:50], "X_val": X[50:], "y_val": y[50:]}
    solver = create(data, torch.float32, "cpu")
    solver.verbose, solver.batch_size, solver.num_epochs = False, 25, 6
    solver.train()
    check.decreasing("loss", solver.loss_history)
