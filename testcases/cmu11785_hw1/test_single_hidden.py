"""The MLP with one hidden layer: half of the points with the submission's own layers, half on stand-ins."""

import numpy as np
import pytest
from own_nets import (
    check_gradients,
    check_moves,
    draw_batch,
    given_gradient,
    make_net,
    run_backward,
    set_gradient,
    start_of,
)
from stand_ins import handed_back, handed_on

from grader.testing import builds_on, number, visibility, weight

NETS = [(6, [7, 8, 10], "Sigmoid"), (13, [5, 4, 10], "Identity")]
"""Batch, sizes, activation of the hidden layer."""
NAMES = ["sigmoid", "identity"]


@weight(2.5)
@number("7.1")
@builds_on("linear", "activations")
@pytest.mark.parametrize("net", NETS, ids=NAMES)
def test_forward(submission, rng, check, net):
    """MLP.forward with one hidden layer"""
    batch, sizes, hidden = net
    net = make_net(submission, rng, sizes, [hidden, "Identity"])
    check("forward(x)", net.forward(rng.normal(size=(batch, sizes[0]))))


@weight(2.5)
@number("7.2")
@pytest.mark.parametrize("net", [(4, [5, 7, 3]), (11, [9, 3, 6])], ids=["wide", "narrow"])
def test_forward_alone(submission, rng, check, net):
    """MLP.forward hands on what each stage returns, on layers of the test's own"""
    batch, sizes = net
    for name, value in handed_on(submission, rng, sizes, batch).items():
        check(name, value)


@weight(2)
@number("7.3")
@builds_on("linear", "activations")
@pytest.mark.parametrize("net", NETS, ids=NAMES)
def test_backward(submission, rng, check, net):
    """MLP.backward with one hidden layer"""
    batch, sizes, hidden = net
    criterion = given_gradient(submission, rng.normal(size=(batch, sizes[-1])))
    net = make_net(submission, rng, sizes, [hidden, "Identity"], criterion=criterion)
    run_backward(net, *draw_batch(rng, batch, sizes[0], sizes[-1]))
    check_gradients(check, net)


@weight(2.5)
@number("7.4")
@visibility("hidden")
@pytest.mark.parametrize("net", [(4, [5, 7, 10]), (11, [9, 3, 10])], ids=["wide", "narrow"])
def test_backward_alone(submission, rng, check, net):
    """MLP.backward hands on what each stage returns, on layers of the test's own"""
    batch, sizes = net
    for name, value in handed_back(submission, rng, sizes, batch).items():
        check(name, value)


@weight(0.5)
@number("7.5")
@builds_on("linear_classifier")
@visibility("hidden")
def test_zero_grads(submission, rng, check):
    """MLP.zero_grads sets dW and db of both layers to zeros, and leaves W and b alone"""
    net = make_net(submission, rng, [5, 7, 10], ["Identity", "Identity"])
    for layer, (rows, columns) in zip(net.linear_layers, [(5, 7), (7, 10)], strict=False):
        set_gradient(layer, dW=rng.normal(size=(rows, columns)), db=rng.normal(size=(1, columns)))
    start = start_of(net)
    net.zero_grads()
    for index, layer in enumerate(net.linear_layers):
        check(f"greatest |linear_layers[{index}].dW|", float(np.abs(layer.dW).max()))
        check(f"greatest |linear_layers[{index}].db|", float(np.abs(layer.db).max()))
    check_moves(check, net, start, "in zero_grads")
