"""Max pooling, of numbers of which no two are equal: where two are, both gradients are taught."""

import pytest
from inputs import distinct, layers

from grader.testing import number, visibility, weight

CASES = pytest.mark.parametrize(
    ("shape", "height", "width", "stride"),
    [((2, 3, 4, 6), 2, 2, 2), ((3, 2, 6, 7), 3, 1, 3)],
    ids=["2 x 2", "3 x 1"],
)
OTHER_CASES = pytest.mark.parametrize(
    ("shape", "height", "width", "stride"),
    [((2, 2, 5, 6), 3, 4, 1), ((1, 3, 7, 5), 1, 2, 3)],
    ids=["overlapping", "apart"],
)


def forward(submission, rng, shape, height, width, stride):
    """max_pool_forward_naive on drawn numbers."""
    param = {"pool_height": height, "pool_width": width, "stride": stride}
    return layers(submission).max_pool_forward_naive(distinct(rng, *shape), param)


def check_backward(submission, rng, check, shape, height, width, stride):
    _, cache = forward(submission, rng, shape, height, width, stride)
    size = [1 + (shape[2] - height) // stride, 1 + (shape[3] - width) // stride]
    check("dx", layers(submission).max_pool_backward_naive(rng.normal(size=(*shape[:2], *size)), cache))


@weight(2)
@number("8.1")
@CASES
def test_forward(submission, rng, check, shape, height, width, stride):
    """max_pool_forward_naive"""
    out, _ = forward(submission, rng, shape, height, width, stride)
    check("out", out)


@weight(2.5)
@number("8.2")
@CASES
def test_backward(submission, rng, check, shape, height, width, stride):
    """max_pool_backward_naive"""
    check_backward(submission, rng, check, shape, height, width, stride)


@weight(0.5)
@number("8.3")
@visibility("hidden")
@OTHER_CASES
def test_forward_other_cases(submission, rng, check, shape, height, width, stride):
    """max_pool_forward_naive with windows that overlap, and with windows that lie apart"""
    out, _ = forward(submission, rng, shape, height, width, stride)
    check("out", out)


@weight(1)
@number("8.4")
@visibility("hidden")
@OTHER_CASES
def test_backward_other_cases(submission, rng, check, shape, height, width, stride):
    """max_pool_backward_naive with windows that overlap, and with windows that lie apart"""
    check_backward(submission, rng, check, shape, height, width, stride)
