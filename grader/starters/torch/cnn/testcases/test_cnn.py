"""Convolution: sizes that all differ, so that swapped axes are found."""

import pytest
import torch

from grader.testing import number, visibility, weight


def draw(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).float()


@weight(4)
@number("2.1")
@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (2, 1)])
def test_convolution(submission, rng, check, stride, pad):
    """conv_forward"""
    x, w, b = draw(rng, 2, 3, 7, 9), draw(rng, 4, 3, 3, 3), draw(rng, 4)
    check("out", submission.cnn.conv_forward(x, w, b, stride, pad))


@weight(2)
@number("2.2")
@visibility("hidden")
def test_convolution_with_odd_filter(submission, rng, check):
    """conv_forward with a filter that isn't square, where the stride leaves pixels over"""
    x, w, b = draw(rng, 2, 1, 7, 6), draw(rng, 2, 1, 3, 2), draw(rng, 2)
    check("out", submission.cnn.conv_forward(x, w, b, stride=3, pad=2))


# the hand-in's own convolution is used here, and judged alone above
@weight(2)
@number("2.3")
def test_block(submission, rng, check):
    """Block, and the gradients that reach its parameters"""
    block = submission.cnn.Block(3, 4)
    with torch.no_grad():
        for parameter in (block.w, block.b):
            parameter.copy_(draw(rng, *parameter.shape))
    y = block(draw(rng, 2, 3, 6, 5))
    check("y", y)
    y.backward(draw(rng, 2, 4))
    check("gradient of w", block.w.grad)
    check("gradient of b", block.b.grad)
