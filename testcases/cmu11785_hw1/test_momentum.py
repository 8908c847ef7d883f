"""Gradient descent with momentum, on gradients that the test sets: nothing is asked of forward and backward here."""

from itertools import pairwise

import numpy as np
import pytest
from own_nets import check_moves, draw_batch, make_net, row, run_backward, run_if_it_can, set_gradient, start_of

from grader.testing import builds_on, number, visibility, weight


def step(net, rng, sizes, scale=1.0):
    """One step with drawn gradients, after a batch as in training."""
    run_if_it_can(net, rng, sizes[0], sizes[-1])
    drawn = [scale * rng.normal(size=(rows + 3, columns)) for rows, columns in pairwise(sizes)]
    for layer, rows in zip(net.linear_layers, drawn, strict=False):
        set_gradient(layer, dW=rows[3:], db=rows[:1])
    for layer, rows in zip(getattr(net, "bn_layers", []), drawn, strict=False):
        set_gradient(layer, dgamma=rows[1:2], dbeta=rows[2:3])
    net.step()


@weight(4)
@number("9.1")
@pytest.mark.parametrize("sizes", [[7, 3, 10], [6, 5, 4, 10]], ids=["two layers", "three layers"])
def test_five_steps(submission, rng, check, sizes):
    """Five steps with momentum 0.856 and changing gradients"""
    net = make_net(submission, rng, sizes, ["Identity"] * (len(sizes) - 1), lr=0.008, momentum=0.856)
    start = start_of(net)
    for count in range(1, 6):
        step(net, rng, sizes)
        if count in (1, 3, 5):
            check_moves(check, net, start, f"after step {count}")


@weight(2.5)
@number("9.2")
@visibility("hidden")
def test_other_momentum(submission, rng, check):
    """Eight steps of a deeper net with momentum 0.5 and gradients that grow"""
    sizes = [4, 6, 5, 7, 10]
    net = make_net(submission, rng, sizes, ["Sigmoid"] * 3 + ["Identity"], lr=0.05, momentum=0.5)
    start = start_of(net)
    for count in range(8):
        step(net, rng, sizes, scale=1.2**count)
    check_moves(check, net, start, "after eight steps")


@weight(1.5)
@number("9.3")
@visibility("hidden")
def test_without_gradient(submission, rng, check):
    """The parameters go on moving when the gradient has become zero"""
    sizes = [5, 8, 10]
    net = make_net(submission, rng, sizes, ["Sigmoid", "Identity"], lr=0.06, momentum=0.9)
    start = start_of(net)
    step(net, rng, sizes)
    step(net, rng, sizes)
    for _ in range(4):
        step(net, rng, sizes, scale=0.0)
    check_moves(check, net, start, "after six steps")


@weight(2)
@number("9.4")
@builds_on("batchnorm")
@visibility("hidden")
@pytest.mark.parametrize("bn", [1, 2])
def test_batchnorm_takes_plain_steps(submission, rng, check, bn):
    """gamma and beta of BatchNorm take plain steps, without momentum"""
    sizes = [6, 5, 7, 10]
    net = make_net(submission, rng, sizes, ["Sigmoid", "Sigmoid", "Identity"], lr=0.05, momentum=0.856, bn=bn)
    for _ in range(5):
        step(net, rng, sizes)
    for index, layer in enumerate(net.bn_layers[:bn]):
        check(f"bn_layers[{index}].gamma", layer.gamma.copy())
        check(f"bn_layers[{index}].beta", layer.beta.copy())


@weight(0)
@number("9.5")
def test_in_training(submission, rng, check):
    """Remark, no points: five batches of training with all of your own code"""
    net = make_net(submission, rng, [8, 6, 10], ["Sigmoid", "Identity"], lr=0.05, momentum=0.856)
    for _ in range(5):
        run_backward(net, *draw_batch(rng, 12, 8, 10))
        net.step()
    check("linear_layers[0].W after five batches", net.linear_layers[0].W.copy())
    check("linear_layers[0].b after five batches", row(net.linear_layers[0].b.copy()))


@weight(0)
@number("9.6")
def test_training_stats(submission, rng, check):
    """Remark, no points: get_training_stats returns four series, and the losses fall"""
    teacher = rng.normal(size=(6, 10))
    inputs = [rng.normal(size=(samples, 6)) for samples in (60, 30, 10)]
    dset = tuple((x, np.eye(10)[(x @ teacher).argmax(axis=1)]) for x in inputs)
    net = make_net(submission, rng, [6, 12, 10], ["Tanh", "Identity"], lr=0.05, momentum=0.8)
    stats = submission.hw1.get_training_stats(net, dset, 8, 20)
    names = ["training_losses", "training_errors", "validation_losses", "validation_errors"]
    for name, series in zip(names, stats, strict=False):
        check(f"shape of {name}", np.array(np.shape(series)))
    check.decreasing("training_losses", np.asarray(stats[0]))
    check.decreasing("validation_losses", np.asarray(stats[2]))
