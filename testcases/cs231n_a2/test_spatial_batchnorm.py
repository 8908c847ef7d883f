"""Spatial batch normalisation, on decoys of batch normalisation: only what is done with the pictures counts."""

import pytest
from inputs import flat, kept, layers
from stand_ins import Decoys, on_batchnorm

from grader.testing import number, visibility, weight

SHAPES = pytest.mark.parametrize("shape", [(2, 3, 4, 5), (5, 2, 3, 1)], ids=["2 pictures", "5 pictures"])
OTHER_SHAPES = pytest.mark.parametrize("shape", [(1, 4, 3, 2), (3, 1, 2, 6)], ids=["one picture", "one channel"])


def drawn(rng, shape):
    """x, gamma and beta; channels differ in mean and deviation."""
    x = rng.normal(size=shape) * rng.uniform(2, 4, size=(shape[1], 1, 1)) + rng.uniform(-3, 3, size=(shape[1], 1, 1))
    return x, rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1])


def check_forward(submission, rng, check, shape):
    x, gamma, beta = drawn(rng, shape)

    def scenario():
        args = x.copy(), gamma.copy(), beta.copy(), {"mode": "train"}
        return kept(layers(submission).spatial_batchnorm_forward(*args)[0])

    check("out", on_batchnorm(submission, Decoys(rng), scenario, backward=False))


def check_backward(submission, rng, check, shape, each=None):
    """dx, dgamma and dbeta; each: the points of dgamma and of dbeta, None where the test is all or nothing."""
    x, gamma, beta = drawn(rng, shape)
    dout = rng.normal(size=shape)

    def scenario():
        args = x.copy(), gamma.copy(), beta.copy(), {"mode": "train"}
        _, cache = layers(submission).spatial_batchnorm_forward(*args)
        return layers(submission).spatial_batchnorm_backward(dout.copy(), cache)

    dx, dgamma, dbeta = on_batchnorm(submission, Decoys(rng), scenario, backward=True)
    check("dx", dx)
    check("dgamma", flat(dgamma), points=each)
    check("dbeta", flat(dbeta), points=each)


@weight(2)
@number("9.1")
@SHAPES
def test_forward(submission, rng, check, shape):
    """spatial_batchnorm_forward in training"""
    check_forward(submission, rng, check, shape)


@weight(2)
@number("9.2")
@SHAPES
def test_backward(submission, rng, check, shape):
    """spatial_batchnorm_backward"""
    check_backward(submission, rng, check, shape, each=0.2)


@weight(1)
@number("9.3")
def test_moving_averages(submission, rng, check):
    """spatial_batchnorm_forward keeps moving averages, and uses them in test mode"""
    (first, gamma, beta), (second, _, _) = drawn(rng, (3, 4, 2, 5)), drawn(rng, (3, 4, 2, 5))

    def scenario():
        bn_param = {"mode": "train"}
        for x in (first, second):
            layers(submission).spatial_batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), bn_param)
        bn_param["mode"] = "test"
        out, _ = layers(submission).spatial_batchnorm_forward(first.copy(), gamma.copy(), beta.copy(), bn_param)
        return kept(out), bn_param

    out, bn_param = on_batchnorm(submission, Decoys(rng), scenario, backward=False)
    check("out in test mode", out)
    check("running_mean", flat(bn_param["running_mean"]))
    check("running_var", flat(bn_param["running_var"]))


@weight(1)
@number("9.4")
@visibility("hidden")
@OTHER_SHAPES
def test_other_shapes(submission, rng, check, shape):
    """Spatial batch normalisation of one picture, and of one channel"""
    check_forward(submission, rng, check, shape)
    check_backward(submission, rng, check, shape)
