"""The MLP without a hidden layer: forward, backward, one kind of step."""

import numpy as np
import pytest
from own_nets import (
    check_gradients,
    check_moves,
    draw_batch,
    give_gradient,
    given_gradient,
    make_net,
    row,
    run_backward,
    run_if_it_can,
    set_gradient,
    start_of,
)
from stand_ins import handed_back, handed_on

from grader.testing import builds_on, number, visibility, weight

SIZES = [(6, 7, 10), (15, 4, 10)]
"""Batch, inputs, classes."""
NAMES = ["6 samples", "15 samples"]


@weight(1)
@number("6.1")
@builds_on("linear")
@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_forward(submission, rng, check, size):
    """MLP.forward without a hidden layer"""
    batch, inputs, classes = size
    net = make_net(submission, rng, [inputs, classes], ["Identity"])
    check("forward(x)", net.forward(rng.normal(size=(batch, inputs))))


@weight(1)
@number("6.2")
@visibility("hidden")
def test_forward_alone(submission, rng, check):
    """MLP.forward hands its input to the layer and returns what comes out"""
    for name, value in handed_on(submission, rng, [5, 3], 4).items():
        check(name, value)


@weight(0.5)
@number("6.3")
@builds_on("linear")
@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_backward(submission, rng, check, size):
    """MLP.backward without a hidden layer"""
    batch, inputs, classes = size
    criterion = given_gradient(submission, rng.normal(size=(batch, classes)))
    net = make_net(submission, rng, [inputs, classes], ["Identity"], criterion=criterion)
    run_backward(net, *draw_batch(rng, batch, inputs, classes))
    check_gradients(check, net)


@weight(0.5)
@number("6.4")
@builds_on("linear")
@visibility("hidden")
def test_backward_of_another_batch(submission, rng, check):
    """MLP.backward starts from the criterion's derivative, also for a second batch, and beside another net"""
    batch, inputs, classes = 9, 6, 10
    criterion = given_gradient(submission, rng.normal(size=(batch, classes)))
    make_net(submission, rng, [inputs, 4, classes], ["Identity", "Identity"], criterion=criterion)
    net = make_net(submission, rng, [inputs, classes], ["Identity"], criterion=criterion)
    run_backward(net, *draw_batch(rng, batch, inputs, classes))
    give_gradient(criterion, rng.normal(size=(batch, classes)))
    run_backward(net, *draw_batch(rng, batch, inputs, classes))
    check_gradients(check, net)


@weight(0.5)
@number("6.5")
@visibility("hidden")
def test_backward_alone(submission, rng, check):
    """MLP.backward hands the criterion's derivative to the layer"""
    for name, value in handed_back(submission, rng, [5, 10], 4).items():
        check(name, value)


@weight(0.5)
@number("6.6")
def test_zero_grads(submission, rng, check):
    """MLP.zero_grads sets dW and db to zeros, and leaves W and b alone"""
    net = make_net(submission, rng, [5, 10], ["Identity"])
    layer = net.linear_layers[0]
    set_gradient(layer, W=rng.normal(size=(5, 10)), b=rng.normal(size=(1, 10)))
    set_gradient(layer, dW=rng.normal(size=(5, 10)), db=rng.normal(size=(1, 10)))
    net.zero_grads()
    check("greatest |dW|", float(np.abs(layer.dW).max()))
    check("greatest |db|", float(np.abs(layer.db).max()))
    check("W", layer.W)
    check("b", row(layer.b))


@weight(1)
@number("6.7")
@pytest.mark.parametrize("size", [(7, 10, 0.008), (4, 3, 0.5)], ids=["lr 0.008", "lr 0.5"])
def test_step(submission, rng, check, size):
    """MLP.step without momentum, three steps with changing gradients"""
    inputs, classes, lr = size
    net = make_net(submission, rng, [inputs, classes], ["Identity"], lr=lr)
    layer, start = net.linear_layers[0], start_of(net)
    for count in range(1, 4):
        run_if_it_can(net, rng, inputs, classes)
        set_gradient(layer, dW=rng.normal(size=(inputs, classes)), db=rng.normal(size=(1, classes)))
        net.step()
        check_moves(check, net, start, f"after step {count}")


@weight(0)
@number("6.8")
def test_error_and_total_loss(submission, rng, check):
    """Remark, no points: MLP.error counts wrong samples, MLP.total_loss adds up their losses"""
    net = make_net(submission, rng, [6, 10], ["Identity"])
    x, labels = draw_batch(rng, 14, 6, 10)
    net.forward(x)
    check("total_loss(labels)", float(net.total_loss(labels)))
    check("error(labels)", float(net.error(labels)))
