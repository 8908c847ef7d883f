"""Linear and ReLU as one layer, on decoys of either: who lost points for them doesn't lose them here again."""

import pytest
import torch
from inputs import draw
from stand_ins import Decoys, on_layers

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(
    ("count", "dims", "outputs"), [(6, (4,), 9), (3, (2, 5), 8)], ids=["vectors", "pictures"]
)


def drawn(rng, count, dims, outputs):
    """x, w and b; half of the outputs are negative."""
    return [draw(rng, *shape) for shape in ((count, *dims), (torch.Size(dims).numel(), outputs), (outputs,))]


def run(submission, rng, scenario, inputs, **passes):
    """scenario(layer, copies of x, w and b), on decoys that have their constants from rng."""

    def once(layer, _):
        return scenario(layer, [value.clone() for value in inputs])

    sizes = inputs[1].shape
    return on_layers(submission, Decoys(rng), "Linear_ReLU", once, sizes, **passes)


def check_backward(submission, rng, check, count, dims, outputs):
    inputs, dout = drawn(rng, count, dims, outputs), draw(rng, count, outputs)

    def scenario(layer, copies):
        _, cache = layer.forward(*copies)
        dx, dw, db = layer.backward(dout.clone(), cache)
        return {"dx": dx, "dw": dw, "db": db}

    for name, value in run(submission, rng, scenario, inputs, trainings=1).items():
        check(name, value)


def check_forward(submission, rng, check, count, dims, outputs):
    inputs = drawn(rng, count, dims, outputs)
    check("out", run(submission, rng, lambda layer, copies: layer.forward(*copies)[0], inputs, evaluations=1))


@weight(1.5)
@number("3.1")
@SIZES
def test_forward(submission, rng, check, count, dims, outputs):
    """Linear_ReLU.forward"""
    check_forward(submission, rng, check, count, dims, outputs)


@weight(1.5)
@number("3.2")
@SIZES
def test_backward(submission, rng, check, count, dims, outputs):
    """Linear_ReLU.backward"""
    check_backward(submission, rng, check, count, dims, outputs)


@weight(1)
@number("3.3")
@visibility("hidden")
def test_other_size(submission, rng, check):
    """Linear_ReLU for pictures of several channels"""
    check_forward(submission, rng, check, 7, (2, 3, 2), 5)
    check_backward(submission, rng, check, 7, (2, 3, 2), 5)
