"""The losses, which some years gave and others let students copy from the first assignment."""

import numpy as np
import pytest
from inputs import layers

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(("count", "classes"), [(5, 4), (1, 7)], ids=["five examples", "one example"])


def check_loss(check, loss, rng, count, classes, offsets=0.0, atol=None):
    value, dx = loss(rng.normal(size=(count, classes)) + offsets, rng.randint(classes, size=count))
    check("loss", value, atol=atol)
    check("dx", dx, atol=atol)


@weight(2)
@number("3.1")
@SIZES
def test_softmax(submission, rng, check, count, classes):
    """softmax_loss"""
    check_loss(check, layers(submission).softmax_loss, rng, count, classes)


@weight(1.5)
@number("3.2")
@SIZES
def test_svm(submission, rng, check, count, classes):
    """svm_loss"""
    check_loss(check, layers(submission).svm_loss, rng, count, classes)


@weight(0.5)
@number("3.3")
@visibility("hidden")
def test_large_scores(submission, rng, check):
    """softmax_loss for scores around a thousand, above and below zero"""
    offsets = rng.uniform(900, 1100, size=(8, 1)) * (-1.0) ** np.arange(8)[:, None]
    # scores of a thousand in float32 are rounded to 6e-5
    check_loss(check, layers(submission).softmax_loss, rng, 8, 5, offsets, atol=2e-4)
