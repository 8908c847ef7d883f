"""Softmax cross entropy, alone, for the ten classes of the course. Logits are moderate: stability is a remark."""

import numpy as np
import pytest
from own_nets import draw_batch

from grader.testing import number, visibility, weight


@weight(1)
@number("3.1")
@pytest.mark.parametrize("batch", [4, 13], ids=["4 samples", "13 samples"])
def test_forward(submission, rng, check, batch):
    """SoftmaxCrossEntropy.forward returns the loss of each sample"""
    criterion = submission.loss.SoftmaxCrossEntropy()
    check("forward(x, y)", criterion.forward(*draw_batch(rng, batch, 10, 10)))


@weight(1)
@number("3.2")
@pytest.mark.parametrize("batch", [4, 13], ids=["4 samples", "13 samples"])
def test_derivative(submission, rng, check, batch):
    """SoftmaxCrossEntropy.derivative, not divided by the batch size"""
    criterion = submission.loss.SoftmaxCrossEntropy()
    criterion.forward(*draw_batch(rng, batch, 10, 10))
    check("derivative()", criterion.derivative())


@weight(1)
@number("3.3")
@visibility("hidden")
def test_call(submission, rng, check):
    """Calling the criterion is a forward pass, also for one sample and for shifted logits"""
    criterion = submission.loss.SoftmaxCrossEntropy()
    check("criterion(x, y), one sample", criterion(*draw_batch(rng, 1, 10, 10)))
    x, y = draw_batch(rng, 7, 10, 10)
    check("criterion(x, y), 7 samples", criterion(2 * x + 3, y))


@weight(1)
@number("3.4")
@visibility("hidden")
def test_derivative_of_last_call(submission, rng, check):
    """SoftmaxCrossEntropy.derivative belongs to the last forward pass of this loss, whatever another one was given"""
    criterion, other = submission.loss.SoftmaxCrossEntropy(), submission.loss.SoftmaxCrossEntropy()
    criterion(*draw_batch(rng, 5, 10, 10))
    criterion(*draw_batch(rng, 8, 10, 10))
    other(*draw_batch(rng, 8, 10, 10))
    check("derivative()", criterion.derivative())


@weight(0)
@number("3.5")
def test_huge_logits(submission, check):
    """Remark, no points: softmax is stable for logits of 1000"""
    criterion = submission.loss.SoftmaxCrossEntropy()
    x = np.zeros((2, 10))
    x[0, 3], x[1, 7] = 1000.0, -1000.0
    with np.errstate(all="ignore"):
        check("forward(x, y)", criterion.forward(x, np.eye(10)[[3, 0]]))
        check("derivative()", criterion.derivative())


@weight(0)
@number("3.6")
def test_other_classes(submission, rng, check):
    """Remark, no points: the number of classes may be another one than ten"""
    criterion = submission.loss.SoftmaxCrossEntropy()
    check("forward(x, y)", criterion.forward(*draw_batch(rng, 6, 4, 4)))
    check("derivative()", criterion.derivative())


@weight(0)
@number("3.7")
def test_soft_labels(submission, rng, check):
    """Remark, no points: labels may be any rows that sum to one"""
    criterion = submission.loss.SoftmaxCrossEntropy()
    labels = rng.uniform(size=(5, 10))
    check("forward(x, y)", criterion.forward(rng.normal(size=(5, 10)), labels / labels.sum(axis=1, keepdims=True)))
    check("derivative()", criterion.derivative())
