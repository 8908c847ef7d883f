"""The affine layer, at sizes where N, D and M all differ."""

import numpy as np
import pytest
from inputs import flat, layers

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(
    ("count", "dims", "outputs"), [(4, (6,), 3), (2, (3, 4, 5), 7)], ids=["vectors", "pictures"]
)


def drawn(rng, count, dims, outputs):
    """x, w and b."""
    return [rng.normal(size=shape) for shape in ((count, *dims), (int(np.prod(dims)), outputs), (outputs,))]


def backward(submission, rng, count, dims, outputs):
    """What affine_backward returns for drawn numbers."""
    _, cache = layers(submission).affine_forward(*drawn(rng, count, dims, outputs))
    return layers(submission).affine_backward(rng.normal(size=(count, outputs)), cache)


@weight(2)
@number("1.1")
@SIZES
def test_forward(submission, rng, check, count, dims, outputs):
    """affine_forward"""
    out, _ = layers(submission).affine_forward(*drawn(rng, count, dims, outputs))
    check("out", out)


@weight(3)
@number("1.2")
@SIZES
def test_backward(submission, rng, check, count, dims, outputs):
    """affine_backward"""
    dx, dw, db = backward(submission, rng, count, dims, outputs)
    check("dx", dx)
    check("dw", dw, points=0.6)
    check("db", flat(db), points=0.25)
    check("db in the shape of b", db, points=0.05)


@weight(1)
@number("1.3")
@visibility("hidden")
def test_forward_other_sizes(submission, rng, check):
    """affine_forward for one example and for many"""
    for count, dims, outputs in ((1, (5,), 2), (11, (2, 3), 4)):
        out, _ = layers(submission).affine_forward(*drawn(rng, count, dims, outputs))
        check(f"out of {count} x {dims}", out)


@weight(2)
@number("1.4")
@visibility("hidden")
@pytest.mark.parametrize(
    ("count", "dims", "outputs"), [(5, (2, 7), 4), (1, (3,), 8), (6, (5, 1, 2), 1)], ids=["rows", "one", "single"]
)
def test_backward_other_sizes(submission, rng, check, count, dims, outputs):
    """affine_backward for rows, for one example and for one output"""
    dx, dw, db = backward(submission, rng, count, dims, outputs)
    check("dx", dx)
    check("dw", dw)
    check("db", flat(db))
