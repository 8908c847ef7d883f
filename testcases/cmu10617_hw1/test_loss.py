"""SoftmaxCrossEntropyLoss, on logits of the tests' own."""

import numpy as np
import pytest
from making import kept, one_hot

from grader.testing import number, visibility, weight

# (classes, B)
SIZES = pytest.mark.parametrize(("classes", "batch"), [(5, 8), (19, 3)])


@weight(0.25)
@number("5.1")
def test_published(submission, check):
    """The loss and the gradient that the course's own unit test prints"""
    logits = np.random.RandomState(1).uniform(-1, 1, (18, 2))
    labels = np.zeros((18, 2), dtype=bool)
    labels[3, 0] = labels[15, 1] = True
    loss = submission.mlp.SoftmaxCrossEntropyLoss()
    check("loss", loss.forward(logits, labels), published=3.341601237187909)
    gradient = kept(loss.backward())
    check("gradient at the labels", gradient[[3, 15], [0, 1]], published=[-0.48350725, -0.48102556])
    check("gradient at [0, 0] and [17, 1]", gradient[[0, 17], [0, 1]], published=[0.02616557, 0.01536218])


@weight(0.75)
@number("5.2")
@SIZES
def test_forward(submission, rng, check, classes, batch):
    """SoftmaxCrossEntropyLoss.forward is a mean over the batch"""
    loss = submission.mlp.SoftmaxCrossEntropyLoss()
    check("loss", loss.forward(rng.normal(size=(classes, batch)), one_hot(rng, classes, batch)))


@weight(0.75)
@number("5.3")
@SIZES
def test_backward(submission, rng, check, classes, batch):
    """SoftmaxCrossEntropyLoss.backward"""
    loss = submission.mlp.SoftmaxCrossEntropyLoss()
    loss.forward(rng.normal(size=(classes, batch)), one_hot(rng, classes, batch))
    check("backward()", loss.backward())


@weight(0.25)
@number("5.4")
@visibility("hidden")
def test_one_example(submission, rng, check):
    """A batch of one example"""
    loss = submission.mlp.SoftmaxCrossEntropyLoss()
    check("loss", loss.forward(rng.normal(size=(7, 1)), one_hot(rng, 7, 1)))
    check("backward()", loss.backward())


@weight(0.5)
@number("5.5")
@visibility("hidden")
def test_confident(submission, rng, check):
    """Logits from -6 to 6, some of them confidently wrong"""
    loss = submission.mlp.SoftmaxCrossEntropyLoss()
    check("loss", loss.forward(rng.uniform(-6, 6, size=(4, 25)), one_hot(rng, 4, 25)))
    check("backward()", loss.backward())


@weight(0.5)
@number("5.6")
@visibility("hidden")
def test_last_batch(submission, rng, check):
    """SoftmaxCrossEntropyLoss.backward belongs to the last forward, whose batch has another size"""
    loss = submission.mlp.SoftmaxCrossEntropyLoss()
    loss.forward(rng.normal(size=(6, 9)), one_hot(rng, 6, 9))
    check("loss", loss.forward(rng.normal(size=(6, 4)), one_hot(rng, 6, 4)))
    check("backward()", loss.backward())


@weight(0)
@number("5.7")
def test_large_logits(submission, rng, check):
    """Remark, no points: the loss is finite for logits of 1000; subtract each column's maximum before np.exp"""
    logits = 1000.0 * rng.uniform(0.5, 1.0, size=(5, 4))
    loss = submission.mlp.SoftmaxCrossEntropyLoss()
    with np.errstate(all="ignore"):
        value = loss.forward(logits, np.arange(5)[:, None] == logits.argmax(axis=0))
        check("loss where the label has the largest logit", value)
        check("backward()", loss.backward())
        value = loss.forward(logits, np.arange(5)[:, None] == logits.argmin(axis=0))
        check("loss where the label has the smallest logit", value)
