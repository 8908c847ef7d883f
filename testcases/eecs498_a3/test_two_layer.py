"""TwoLayerNet on decoys of its layers."""

import nets
import pytest
import torch
import unseen_nets
from inputs import draw, fill, labels, line

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(("count", "dims"), [(5, (6, 7, 4)), (8, (3, 9, 11))], ids=["small", "wide"])
"""N, and D, H, C."""


@weight(0)
@number("4.1")
def test_published(submission, check):
    """Remark, no points: TwoLayerNet and your own layers on the course's numbers"""
    count, inputs, hidden, classes = 3, 5, 50, 7
    net = nets.build_two_layer(submission.fully_connected_networks.TwoLayerNet, (inputs, hidden, classes))
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
    nets.check_init(check, rng, submission, nets.TWO_LAYER, (60, 400, 50))


@weight(3)
@number("4.3")
@SIZES
def test_scores(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X) returns the scores"""
    nets.check_scores(check, rng, submission, nets.TWO_LAYER, dims, count)


@weight(4)
@number("4.4")
@SIZES
def test_loss_and_gradients(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X, y) without regularisation"""
    nets.check_loss_and_gradients(check, rng, submission, nets.TWO_LAYER, dims, count)


@weight(4)
@number("4.5")
@SIZES
def test_regularised(submission, rng, check, count, dims):
    """TwoLayerNet.loss(X, y) with regularisation"""
    nets.check_regularised(check, rng, submission, nets.TWO_LAYER, dims, count)


@weight(2)
@number("4.6")
@visibility("hidden")
def test_pictures(submission, rng, check):
    """TwoLayerNet on pictures"""
    unseen_nets.check_pictures(check, rng, submission, nets.TWO_LAYER, (24, 10, 5), (7, 2, 3, 4))


@weight(1)
@number("4.7")
@visibility("hidden")
def test_float32(submission, rng, check):
    """TwoLayerNet in float32"""
    unseen_nets.check_float32(check, rng, submission, nets.TWO_LAYER, (12, 8, 3), 9)


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
