"""Convolution and pooling: sizes that all differ, so that swapped axes are found."""

import pytest

from grader.testing import number, visibility, weight


@weight(4)
@number("2.1")
@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (2, 1)])
def test_convolution(submission, rng, check, stride, pad):
    """conv_forward"""
    x, w, b = rng.normal(size=(2, 3, 7, 9)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
    check("out", submission.cnn.conv_forward(x, w, b, stride, pad))


@weight(2)
@number("2.2")
@visibility("hidden")
def test_convolution_with_odd_filter(submission, rng, check):
    """conv_forward with a filter that isn't square, where the stride leaves pixels over"""
    x, w, b = rng.normal(size=(2, 1, 8, 6)), rng.normal(size=(2, 1, 3, 2)), rng.normal(size=2)
    check("out", submission.cnn.conv_forward(x, w, b, stride=3, pad=2))


@weight(2)
@number("2.3")
@pytest.mark.parametrize("size", [2, 3])
def test_max_pool(submission, rng, check, size):
    """max_pool_forward"""
    check("out", submission.cnn.max_pool_forward(rng.normal(size=(2, 3, 2 * size, 4 * size)), size))
