"""Three nets of the course in small: two hidden layers, five, and one. Half of the points on stand-ins."""

import numpy as np
import pytest
from own_nets import check_gradients, draw_batch, give_gradient, given_gradient, make_net, run_backward
from stand_ins import handed_back, handed_on

from grader.testing import builds_on, number, visibility, weight

ACTIVATIONS = {
    "two": ["Sigmoid", "Sigmoid", "Identity"],
    "five": ["Identity", "Sigmoid", "Identity", "Sigmoid", "Identity", "Identity"],
    "one": ["Identity", "Identity"],
}
NETS = {"two": (6, [9, 8, 5, 10]), "five": (11, [7, 4, 4, 4, 4, 4, 10]), "one": (3, [5, 6, 10])}
"""Batch and sizes."""
OTHER_NETS = {"two": (12, [4, 5, 9, 10]), "five": (3, [8, 3, 5, 4, 7, 6, 10]), "one": (8, [11, 4, 10])}


def make(submission, rng, name, batch, sizes):
    """A net and its criterion; "one" asks nothing of Sigmoid."""
    criterion = given_gradient(submission, rng.normal(size=(batch, sizes[-1])))
    return make_net(submission, rng, sizes, ACTIVATIONS[name], criterion=criterion), criterion


@weight(4.5)
@number("8.1")
@builds_on("linear", "activations")
@pytest.mark.parametrize("name", NETS)
def test_forward(submission, rng, check, name):
    """MLP.forward with hidden layers"""
    batch, sizes = NETS[name]
    net, _ = make(submission, rng, name, batch, sizes)
    check("forward(x)", net.forward(rng.normal(size=(batch, sizes[0]))))


@weight(7.5)
@number("8.2")
@visibility("hidden")
@pytest.mark.parametrize("name", OTHER_NETS)
def test_forward_alone(submission, rng, check, name):
    """MLP.forward hands on what each stage returns, on layers of the test's own"""
    batch, sizes = OTHER_NETS[name]
    for label, value in handed_on(submission, rng, sizes, batch).items():
        check(label, value)


@weight(3)
@number("8.3")
@builds_on("linear", "activations")
@visibility("hidden")
@pytest.mark.parametrize("name", OTHER_NETS)
def test_forward_of_other_sizes(submission, rng, check, name):
    """MLP.forward of a second batch"""
    batch, sizes = OTHER_NETS[name]
    net, _ = make(submission, rng, name, batch, sizes)
    net.forward(rng.normal(size=(5, sizes[0])))
    check("net(x)", net(rng.normal(size=(batch, sizes[0]))))


@weight(4.5)
@number("8.4")
@builds_on("linear", "activations")
@pytest.mark.parametrize("name", NETS)
def test_backward(submission, rng, check, name):
    """MLP.backward with hidden layers"""
    batch, sizes = NETS[name]
    net, _ = make(submission, rng, name, batch, sizes)
    run_backward(net, *draw_batch(rng, batch, sizes[0], sizes[-1]))
    check_gradients(check, net)


@weight(7.5)
@number("8.5")
@visibility("hidden")
@pytest.mark.parametrize("name", OTHER_NETS)
def test_backward_alone(submission, rng, check, name):
    """MLP.backward hands on what each stage returns, on layers of the test's own"""
    batch, sizes = OTHER_NETS[name]
    for label, value in handed_back(submission, rng, sizes, batch).items():
        check(label, value)


@weight(3)
@number("8.6")
@builds_on("linear", "activations")
@visibility("hidden")
@pytest.mark.parametrize("name", OTHER_NETS)
def test_backward_of_other_sizes(submission, rng, check, name):
    """MLP.backward of a second batch"""
    batch, sizes = OTHER_NETS[name]
    net, criterion = make(submission, rng, name, batch, sizes)
    run_backward(net, *draw_batch(rng, batch, sizes[0], sizes[-1]))
    give_gradient(criterion, rng.normal(size=(batch, sizes[-1])))
    run_backward(net, *draw_batch(rng, batch, sizes[0], sizes[-1]))
    check_gradients(check, net, indices=(0, len(sizes) - 2))


@weight(0)
@number("8.7")
def test_evaluation_draws_nothing(submission, rng, check):
    """Remark, no points: a forward pass draws no random numbers"""
    net = make_net(submission, rng, [6, 5, 10], ["Sigmoid", "Identity"])
    net.eval()
    before = np.random.get_state()
    net.forward(rng.normal(size=(4, 6)))
    after = np.random.get_state()
    same = np.array_equal(after[1], before[1]) and after[2] == before[2]
    check("numpy.random is where it was before the pass", same)


@weight(0)
@number("8.8")
def test_output_activation(submission, rng, check):
    """Remark, no points: the last activation is a stage like the others, if it isn't Identity"""
    batch, sizes = 7, [5, 4, 3]
    criterion = given_gradient(submission, rng.normal(size=(batch, sizes[-1])))
    net = make_net(submission, rng, sizes, ["Identity", "Sigmoid"], criterion=criterion)
    x, labels = draw_batch(rng, batch, sizes[0], sizes[-1])
    check("forward(x)", net.forward(x.copy()))
    run_backward(net, x, labels)
    check_gradients(check, net)
