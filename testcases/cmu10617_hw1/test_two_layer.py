"""TwoLayerMLP: on stand-ins for its layers, and once in training on the submission's own."""

import nets
import pytest

from grader.testing import builds_on, number, visibility, weight

# (indim, hidden, hidden, outdim), and B
SIZES = pytest.mark.parametrize(("dims", "batch"), [((4, 6, 5, 3), 7), ((9, 2, 8, 6), 4)], ids=["4-6-5-3", "9-2-8-6"])


@weight(0.5)
@number("7.1")
@SIZES
def test_forward(submission, rng, check, dims, batch):
    """TwoLayerMLP.forward returns the logits"""
    nets.check_forward(check, rng, submission.mlp.TwoLayerMLP, dims, batch)


@weight(0.25)
@number("7.2")
def test_params(submission, rng, check):
    """TwoLayerMLP's sizes, loadparams, getWs and getbs, first layer first"""
    nets.check_params(check, rng, submission.mlp.TwoLayerMLP, (5, 4, 7, 8))


@weight(0.75)
@number("7.3")
@SIZES
def test_step(submission, rng, check, dims, batch):
    """One training step of TwoLayerMLP"""
    nets.check_steps(check, rng, submission.mlp.TwoLayerMLP, dims, batch, alpha=0, lr=0.1)


@weight(0.5)
@number("7.4")
def test_dropout(submission, rng, check):
    """TwoLayerMLP drops hidden units in training, with the probabilities it was given, and none in evaluation"""
    nets.check_drop_rates(check, rng, submission.mlp.TwoLayerMLP, (4, 85, 80, 83), 100)


@weight(0.5)
@number("7.5")
@visibility("hidden")
def test_three_steps(submission, rng, check):
    """Three steps of TwoLayerMLP, with two passes that add up before each"""
    net_class = submission.mlp.TwoLayerMLP
    nets.check_steps(check, rng, net_class, (6, 5, 7, 4), 3, steps=3, passes=2, alpha=0.5, lr=0.1)


@weight(0.25)
@number("7.6")
@visibility("hidden")
def test_defaults(submission, rng, check):
    """TwoLayerMLP has alpha = 0.1 and lr = 0.01 by default"""
    nets.check_steps(check, rng, submission.mlp.TwoLayerMLP, (3, 6, 6, 5), 2, steps=2)


@weight(0.25)
@number("7.7")
@visibility("hidden")
def test_more_dropout(submission, rng, check):
    """TwoLayerMLP with dropout and other sizes"""
    nets.check_drop_rates(check, rng, submission.mlp.TwoLayerMLP, (3, 103, 100, 101), 80)


@weight(1)
@number("7.8")
@builds_on("linear_map", "relu", "relu_dropout")
@visibility("hidden")
def test_training(submission, rng, check):
    """TwoLayerMLP learns a small data set, on the layers of this submission"""
    nets.check_training(check, rng, submission.mlp.TwoLayerMLP, (4, 9, 7, 3), alpha=0, lr=0.04)


@weight(0)
@number("7.9")
def test_returned_gradient(submission, rng, check):
    """Remark, no points: TwoLayerMLP.backward returns the gradient for x, as a Transform does"""
    nets.check_returned_gradient(check, rng, submission.mlp.TwoLayerMLP, (5, 7, 6, 3), 2)


@weight(0)
@number("7.10")
def test_recitation(submission, rng, check):
    """Remark, no points: the recitation's training loop with your own loss, momentum and dropout; the loss falls"""
    net = nets.build(submission.mlp.TwoLayerMLP, (5, 20, 15, 3), alpha=0.5, dropout_probability=0.2, lr=0.05)
    loss = submission.mlp.SoftmaxCrossEntropyLoss()
    x, labels = nets.blobs(rng, 5, 3, 90)
    losses = []
    for _ in range(12):
        order = rng.permutation(90)
        total = 0.0
        for start in range(0, 90, 15):
            batch = order[start : start + 15]
            net.zerograd()
            total += float(loss.forward(net.forward(x[:, batch], train=True), labels[:, batch]))
            net.backward(loss.backward())
            net.step()
        losses.append(total / 6)
    check.decreasing("loss of each epoch", losses, factor=0.7)
