"""Linear and ReLU as one layer, on working ones of either: who lost points for them doesn't lose them here again."""

import pytest
import torch
from inputs import draw
from stand_ins import mended

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(
    ("count", "dims", "outputs"), [(6, (4,), 9), (3, (2, 5), 8)], ids=["vectors", "pictures"]
)


def drawn(rng, count, dims, outputs):
    """x, w and b; half of the outputs are negative."""
    return [draw(rng, *shape) for shape in ((count, *dims), (torch.Size(dims).numel(), outputs), (outputs,))]


def check_backward(layer, rng, check, count, dims, outputs):
    _, cache = layer.forward(*drawn(rng, count, dims, outputs))
    dx, dw, db = layer.backward(draw(rng, count, outputs), cache)
    check("dx", dx)
    check("dw", dw)
    check("db", db)


@weight(1.5)
@number("3.1")
@SIZES
def test_forward(submission, rng, check, count, dims, outputs):
    """Linear_ReLU.forward"""
    out, _ = mended(submission, "Linear_ReLU").forward(*drawn(rng, count, dims, outputs))
    check("out", out)


@weight(1.5)
@number("3.2")
@SIZES
def test_backward(submission, rng, check, count, dims, outputs):
    """Linear_ReLU.backward"""
    check_backward(mended(submission, "Linear_ReLU"), rng, check, count, dims, outputs)


@weight(1)
@number("3.3")
@visibility("hidden")
def test_other_size(submission, rng, check):
    """Linear_ReLU for pictures of several channels"""
    layer = mended(submission, "Linear_ReLU")
    out, _ = layer.forward(*drawn(rng, 7, (2, 3, 2), 5))
    check("out", out)
    check_backward(layer, rng, check, 7, (2, 3, 2), 5)
