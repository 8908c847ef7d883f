"""The linear layer: values and gradients at sizes where N, D and M all differ."""

import pytest
import torch
from inputs import draw, line

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(
    ("count", "dims", "outputs"), [(4, (6,), 3), (2, (3, 4, 5), 7)], ids=["vectors", "pictures"]
)


def drawn(rng, count, dims, outputs, dtype=torch.float64):
    """x, w and b."""
    inputs = torch.Size(dims).numel()
    shapes = [(count, *dims), (inputs, outputs), (outputs,)]
    return [draw(rng, *shape, dtype=dtype) for shape in shapes]


def check_backward(linear, rng, check, count, dims, outputs, dtype=torch.float64):
    x, w, b = drawn(rng, count, dims, outputs, dtype)
    _, cache = linear.forward(x, w, b)
    dx, dw, db = linear.backward(draw(rng, count, outputs, dtype=dtype), cache)
    check("dx", dx)
    check("dw", dw)
    check("db", db)


@weight(1)
@number("1.1")
def test_published(submission, check):
    """Linear.forward on the course's numbers"""
    x, w, b = line(-0.1, 0.5, 2, 4, 5, 6), line(-0.2, 0.3, 120, 3), line(-0.3, 0.1, 3)
    out, _ = submission.fully_connected_networks.Linear.forward(x, w, b)
    expected = [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.51413270, 3.77273342]]
    check("out", out, published=expected)


@weight(2)
@number("1.2")
@SIZES
def test_forward(submission, rng, check, count, dims, outputs):
    """Linear.forward"""
    out, _ = submission.fully_connected_networks.Linear.forward(*drawn(rng, count, dims, outputs))
    check("out", out)


@weight(3)
@number("1.3")
@SIZES
def test_backward(submission, rng, check, count, dims, outputs):
    """Linear.backward"""
    check_backward(submission.fully_connected_networks.Linear, rng, check, count, dims, outputs)


@weight(2)
@number("1.4")
@visibility("hidden")
@pytest.mark.parametrize(
    ("count", "dims", "outputs"), [(5, (2, 7), 4), (1, (3,), 8), (6, (5, 1, 2), 1)], ids=["rows", "one", "single"]
)
def test_other_sizes(submission, rng, check, count, dims, outputs):
    """Linear.backward for one example, one output and rows"""
    check_backward(submission.fully_connected_networks.Linear, rng, check, count, dims, outputs)


@weight(1)
@number("1.5")
@visibility("hidden")
def test_forward_other_sizes(submission, rng, check):
    """Linear.forward for one example and for many"""
    linear = submission.fully_connected_networks.Linear
    for count, dims, outputs in ((1, (5,), 2), (11, (2, 3), 4)):
        out, _ = linear.forward(*drawn(rng, count, dims, outputs))
        check(f"out of {count} x {dims}", out)


@weight(1)
@number("1.6")
@visibility("hidden")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_dtypes(submission, rng, check, dtype):
    """Linear in float64 and in float32"""
    linear = submission.fully_connected_networks.Linear
    x, w, b = drawn(rng, 3, (5,), 4, getattr(torch, dtype))
    out, cache = linear.forward(x, w, b)
    dx, dw, db = linear.backward(draw(rng, 3, 4, dtype=getattr(torch, dtype)), cache)
    for name, value in (("out", out), ("dx", dx), ("dw", dw), ("db", db)):
        check(name, value)
