"""Batch normalisation. Each test feeds its own bn_param; columns differ in mean, deviation, gamma and beta."""

import pytest
from inputs import flat, kept, layers, spread

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(("count", "columns"), [(8, 5), (3, 7)], ids=["tall", "wide"])
BACKWARDS = ("batchnorm_backward", "batchnorm_backward_alt")


def affine(rng, columns):
    """gamma and beta."""
    return rng.uniform(0.5, 2, size=columns), rng.normal(size=columns)


def check_backward(submission, rng, check, name, count, columns, each=None, **settings):
    """dx, dgamma and dbeta; each: the points of dgamma and of dbeta, None where the test is all or nothing."""
    x, (gamma, beta), dout = spread(rng, count, columns), affine(rng, columns), rng.normal(size=(count, columns))
    _, cache = layers(submission).batchnorm_forward(x, gamma, beta, {"mode": "train", **settings})
    dx, dgamma, dbeta = getattr(layers(submission), name)(dout, cache)
    check("dx", dx)
    check("dgamma", flat(dgamma), points=each)
    check("dbeta", flat(dbeta), points=each)


@weight(3)
@number("4.1")
@SIZES
def test_training(submission, rng, check, count, columns):
    """batchnorm_forward in training"""
    gamma, beta = affine(rng, columns)
    out, _ = layers(submission).batchnorm_forward(spread(rng, count, columns), gamma, beta, {"mode": "train"})
    check("out", out)


@weight(2.5)
@number("4.2")
def test_running_averages(submission, rng, check):
    """batchnorm_forward keeps moving averages of mean and variance in bn_param"""
    gamma, beta = affine(rng, 4)
    bn_param = {"mode": "train"}
    for index in range(1, 5):
        layers(submission).batchnorm_forward(spread(rng, 6, 4), gamma.copy(), beta.copy(), bn_param)
        check(f"running_mean after batch {index}", flat(kept(bn_param["running_mean"])))
        check(f"running_var after batch {index}", flat(kept(bn_param["running_var"])))


@weight(2.5)
@number("4.3")
@SIZES
def test_test_mode(submission, rng, check, count, columns):
    """batchnorm_forward normalises by the moving averages in test mode"""
    gamma, beta = affine(rng, columns)
    averages = {"running_mean": rng.normal(size=columns), "running_var": rng.uniform(2, 9, size=columns)}
    out, _ = layers(submission).batchnorm_forward(
        spread(rng, count, columns), gamma, beta, {"mode": "test", **averages}
    )
    check("out", out)


@weight(3)
@number("4.4")
@SIZES
def test_backward(submission, rng, check, count, columns):
    """batchnorm_backward"""
    check_backward(submission, rng, check, "batchnorm_backward", count, columns, each=0.3)


@weight(2)
@number("4.5")
@SIZES
def test_backward_alt(submission, rng, check, count, columns):
    """batchnorm_backward_alt"""
    check_backward(submission, rng, check, "batchnorm_backward_alt", count, columns, each=0.2)


@weight(1)
@number("4.6")
@visibility("hidden")
def test_momentum(submission, rng, check):
    """batchnorm_forward goes by the momentum in bn_param"""
    gamma, beta = affine(rng, 5)
    bn_param = {"mode": "train", "momentum": 0.7}
    for _ in range(3):
        layers(submission).batchnorm_forward(spread(rng, 7, 5), gamma.copy(), beta.copy(), bn_param)
    check("running_mean", flat(kept(bn_param["running_mean"])))
    check("running_var", flat(kept(bn_param["running_var"])))


@weight(0.5)
@number("4.7")
@visibility("hidden")
def test_averages_in_test_mode(submission, rng, check):
    """batchnorm_forward leaves the moving averages alone in test mode"""
    gamma, beta = affine(rng, 3)
    bn_param = {"mode": "test", "running_mean": rng.normal(size=3), "running_var": rng.uniform(2, 9, size=3)}
    out, _ = layers(submission).batchnorm_forward(spread(rng, 6, 3), gamma, beta, bn_param)
    check("out", out)
    check("running_mean after test mode", flat(bn_param["running_mean"]))
    check("running_var after test mode", flat(bn_param["running_var"]))


@weight(0.5)
@number("4.8")
@visibility("hidden")
@pytest.mark.parametrize("mode", ["train", "test"])
def test_eps(submission, rng, check, mode):
    """batchnorm_forward goes by the eps in bn_param"""
    gamma, beta = affine(rng, 4)
    averages = {"running_mean": rng.normal(size=4), "running_var": rng.uniform(2, 9, size=4)}
    bn_param = {"mode": mode, "eps": 1.5, **averages}
    out, _ = layers(submission).batchnorm_forward(spread(rng, 9, 4), gamma, beta, bn_param)
    check("out", out)
    if mode == "train":
        check("running_var", flat(bn_param["running_var"]), points=0.05)


@weight(1)
@number("4.9")
@visibility("hidden")
@pytest.mark.parametrize("name", BACKWARDS)
def test_backward_eps(submission, rng, check, name):
    """batchnorm's backward passes go by the eps of the forward pass"""
    check_backward(submission, rng, check, name, 9, 4, eps=1.5)
