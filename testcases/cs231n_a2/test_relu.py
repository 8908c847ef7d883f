"""ReLU. Its gradient at exactly 0 is never looked at: both answers are taught."""

import pytest
from inputs import layers

from grader.testing import number, visibility, weight

SHAPES = pytest.mark.parametrize("shape", [(5, 7), (2, 3, 4, 6)], ids=["rows", "pictures"])


@weight(1)
@number("2.1")
@SHAPES
def test_forward(submission, rng, check, shape):
    """relu_forward"""
    out, _ = layers(submission).relu_forward(rng.normal(size=shape))
    check("out", out)


@weight(2)
@number("2.2")
@SHAPES
def test_backward(submission, rng, check, shape):
    """relu_backward"""
    _, cache = layers(submission).relu_forward(rng.normal(size=shape))
    check("dx", layers(submission).relu_backward(rng.normal(size=shape), cache))


@weight(1)
@number("2.3")
@visibility("hidden")
def test_small_and_large(submission, rng, check):
    """ReLU for very small and very large numbers"""
    for scale in (1e-6, 1e6):
        out, cache = layers(submission).relu_forward(scale * rng.normal(size=(4, 9)))
        check(f"out at {scale:g}", out)
        check(f"dx at {scale:g}", layers(submission).relu_backward(rng.normal(size=(4, 9)), cache))
