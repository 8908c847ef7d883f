"""SingleLayerMLP: on stand-ins for its layers, and once in training on the submission's own."""

import nets
import pytest

from grader.testing import builds_on, number, visibility, weight

# (indim, hidden, outdim), and B
SIZES = pytest.mark.parametrize(("dims", "batch"), [((4, 6, 3), 5), ((9, 2, 7), 4)], ids=["4-6-3", "9-2-7"])


@weight(0.5)
@number("6.1")
@SIZES
def test_forward(submission, rng, check, dims, batch):
    """SingleLayerMLP.forward returns the logits"""
    nets.check_forward(check, rng, submission.mlp.SingleLayerMLP, dims, batch)


@weight(0.25)
@number("6.2")
def test_params(submission, rng, check):
    """SingleLayerMLP's sizes, loadparams, getWs and getbs, first layer first"""
    nets.check_params(check, rng, submission.mlp.SingleLayerMLP, (5, 4, 8))


@weight(0.75)
@number("6.3")
@SIZES
def test_step(submission, rng, check, dims, batch):
    """One training step of SingleLayerMLP"""
    nets.check_steps(check, rng, submission.mlp.SingleLayerMLP, dims, batch, alpha=0, lr=0.1)


@weight(0.5)
@number("6.4")
def test_dropout(submission, rng, check):
    """SingleLayerMLP drops hidden units in training, with the probabilities it was given, and none in evaluation"""
    nets.check_drop_rates(check, rng, submission.mlp.SingleLayerMLP, (4, 80, 83), 100)


@weight(0.5)
@number("6.5")
@visibility("hidden")
def test_three_steps(submission, rng, check):
    """Three steps of SingleLayerMLP, with two passes that add up before each"""
    net_class = submission.mlp.SingleLayerMLP
    nets.check_steps(check, rng, net_class, (6, 5, 4), 3, steps=3, passes=2, alpha=0.5, lr=0.1)


@weight(0.25)
@number("6.6")
@visibility("hidden")
def test_defaults(submission, rng, check):
    """SingleLayerMLP has alpha = 0.1 and lr = 0.01 by default"""
    nets.check_steps(check, rng, submission.mlp.SingleLayerMLP, (3, 8, 5), 2, steps=2)


@weight(0.25)
@number("6.7")
@visibility("hidden")
def test_more_dropout(submission, rng, check):
    """SingleLayerMLP with dropout and other sizes"""
    nets.check_drop_rates(check, rng, submission.mlp.SingleLayerMLP, (3, 100, 101), 80)


@weight(1)
@number("6.8")
@builds_on("linear_map", "relu")
@visibility("hidden")
def test_training(submission, rng, check):
    """SingleLayerMLP learns a small data set, on the layers of this submission"""
    nets.check_training(check, rng, submission.mlp.SingleLayerMLP, (4, 9, 3), alpha=0, lr=0.04)


@weight(0)
@number("6.9")
def test_returned_gradient(submission, rng, check):
    """Remark, no points: SingleLayerMLP.backward returns the gradient for x, as a Transform does"""
    nets.check_returned_gradient(check, rng, submission.mlp.SingleLayerMLP, (5, 7, 3), 2)
