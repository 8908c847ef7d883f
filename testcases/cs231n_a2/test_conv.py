"""Convolution, at sizes where N, C, F, H, W, HH and WW differ."""

import pytest
from inputs import flat, kept, layers

from grader.testing import number, visibility, weight

CASES = pytest.mark.parametrize(
    ("shape", "filters", "stride", "pad"),
    [((2, 3, 5, 6), (4, 3, 3, 4), 1, 1), ((3, 2, 7, 5), (2, 2, 3, 3), 2, 1)],
    ids=["stride 1", "stride 2"],
)
OTHER_CASES = pytest.mark.parametrize(
    ("shape", "filters", "stride", "pad"),
    [((2, 2, 6, 4), (3, 2, 2, 3), 1, 0), ((1, 3, 4, 6), (2, 3, 2, 2), 2, 2), ((2, 1, 4, 7), (1, 1, 1, 1), 3, 0)],
    ids=["no padding", "much padding", "one pixel"],
)


def drawn(rng, shape, filters):
    """x, w and b."""
    return rng.normal(size=shape), rng.normal(size=filters), rng.normal(size=filters[0])


def check_forward(submission, rng, check, shape, filters, stride, pad):
    x, w, b = drawn(rng, shape, filters)
    out, _ = layers(submission).conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})
    check("out", out)


def backward(submission, rng, shape, filters, stride, pad):
    """What conv_backward_naive returns for drawn numbers."""
    x, w, b = drawn(rng, shape, filters)
    high, wide = (1 + (size + 2 * pad - window) // stride for size, window in zip(shape[2:], filters[2:], strict=True))
    dout = rng.normal(size=(shape[0], filters[0], high, wide))
    _, cache = layers(submission).conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})
    return layers(submission).conv_backward_naive(dout, cache)


@weight(5)
@number("7.1")
@CASES
def test_forward(submission, rng, check, shape, filters, stride, pad):
    """conv_forward_naive"""
    check_forward(submission, rng, check, shape, filters, stride, pad)


@weight(5)
@number("7.2")
@CASES
def test_backward(submission, rng, check, shape, filters, stride, pad):
    """conv_backward_naive"""
    dx, dw, db = backward(submission, rng, shape, filters, stride, pad)
    check("dx", dx)
    check("dw", dw, points=1)
    check("db", flat(db), points=0.4)
    check("db in the shape of b", db, points=0.1)


@weight(0.5)
@number("7.3")
def test_input_is_left_alone(submission, rng, check):
    """conv_forward_naive leaves x as it is"""
    x, w, b = drawn(rng, (2, 2, 4, 4), (3, 2, 3, 3))
    before = x.copy()
    out, _ = layers(submission).conv_forward_naive(x, w, b, {"stride": 1, "pad": 1})
    check("out", kept(out))
    check.unchanged("x after conv_forward_naive(x, ...)", x, original=before)


@weight(1.5)
@number("7.4")
@visibility("hidden")
@OTHER_CASES
def test_forward_other_cases(submission, rng, check, shape, filters, stride, pad):
    """conv_forward_naive with other strides and paddings"""
    check_forward(submission, rng, check, shape, filters, stride, pad)


@weight(2)
@number("7.5")
@visibility("hidden")
@OTHER_CASES
def test_backward_other_cases(submission, rng, check, shape, filters, stride, pad):
    """conv_backward_naive with other strides and paddings"""
    dx, dw, db = backward(submission, rng, shape, filters, stride, pad)
    check("dx", dx)
    check("dw", dw)
    check("db", flat(db))
