"""ReLU. Its gradient at exactly 0 is never looked at: both answers are taught."""

import pytest
import torch
from inputs import draw, line

from grader.testing import number, visibility, weight

SHAPES = pytest.mark.parametrize("shape", [(5, 7), (2, 3, 4, 6)], ids=["rows", "pictures"])


@weight(0.5)
@number("2.1")
def test_published(submission, check):
    """ReLU.forward on the course's numbers"""
    out, _ = submission.fully_connected_networks.ReLU.forward(line(-0.5, 0.5, 3, 4))
    expected = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
    check("out", out, published=expected)


@weight(1.5)
@number("2.2")
@SHAPES
def test_forward(submission, rng, check, shape):
    """ReLU.forward"""
    out, _ = submission.fully_connected_networks.ReLU.forward(draw(rng, *shape))
    check("out", out)


@weight(1)
@number("2.3")
def test_input_is_left_alone(submission, rng, check):
    """ReLU.forward leaves its input as it is, and returns the result"""
    x = draw(rng, 6, 8)
    before = x.clone()
    out, _ = submission.fully_connected_networks.ReLU.forward(x)
    check("out", out)
    check.unchanged("x after ReLU.forward(x)", x, original=before)


@weight(2)
@number("2.4")
@SHAPES
def test_backward(submission, rng, check, shape):
    """ReLU.backward"""
    relu = submission.fully_connected_networks.ReLU
    _, cache = relu.forward(draw(rng, *shape))
    check("dx", relu.backward(draw(rng, *shape), cache))


@weight(0.5)
@number("2.5")
@visibility("hidden")
def test_small_and_large(submission, rng, check):
    """ReLU for very small and very large numbers"""
    relu = submission.fully_connected_networks.ReLU
    for scale in (1e-6, 1e6):
        out, cache = relu.forward(scale * draw(rng, 4, 9))
        check(f"out at {scale:g}", out)
        check(f"dx at {scale:g}", relu.backward(draw(rng, 4, 9), cache))


@weight(0.5)
@number("2.6")
@visibility("hidden")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_dtypes(submission, rng, check, dtype):
    """ReLU in float64 and in float32"""
    relu = submission.fully_connected_networks.ReLU
    out, cache = relu.forward(draw(rng, 7, 3, dtype=getattr(torch, dtype)))
    check("out", out)
    check("dx", relu.backward(draw(rng, 7, 3, dtype=getattr(torch, dtype)), cache))
