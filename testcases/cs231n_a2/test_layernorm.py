"""Layer normalisation. Rows differ in mean and deviation, columns in gamma and beta."""

import pytest
from inputs import flat, layers, spread

from grader.testing import number, visibility, weight

SIZES = pytest.mark.parametrize(("count", "columns"), [(4, 7), (6, 3)], ids=["wide", "tall"])


def forward(submission, rng, count, columns, **settings):
    """layernorm_forward on drawn numbers."""
    gamma, beta = rng.uniform(0.5, 2, size=columns), rng.normal(size=columns)
    return layers(submission).layernorm_forward(spread(rng, columns, count).T.copy(), gamma, beta, settings)


def check_backward(submission, rng, check, count, columns, each=None, **settings):
    """dx, dgamma and dbeta; each: the points of dgamma and of dbeta, None where the test is all or nothing."""
    _, cache = forward(submission, rng, count, columns, **settings)
    dx, dgamma, dbeta = layers(submission).layernorm_backward(rng.normal(size=(count, columns)), cache)
    check("dx", dx)
    check("dgamma", flat(dgamma), points=each)
    check("dbeta", flat(dbeta), points=each)


@weight(3)
@number("5.1")
@SIZES
def test_forward(submission, rng, check, count, columns):
    """layernorm_forward"""
    out, _ = forward(submission, rng, count, columns)
    check("out", out)


@weight(3)
@number("5.2")
@SIZES
def test_backward(submission, rng, check, count, columns):
    """layernorm_backward"""
    check_backward(submission, rng, check, count, columns, each=0.3)


@weight(1)
@number("5.3")
@visibility("hidden")
def test_one_row(submission, rng, check):
    """Layer normalisation of one example"""
    out, _ = forward(submission, rng, 1, 9)
    check("out", out)
    check_backward(submission, rng, check, 1, 9)


@weight(0.5)
@number("5.4")
@visibility("hidden")
def test_eps(submission, rng, check):
    """layernorm_forward goes by the eps in ln_param"""
    out, _ = forward(submission, rng, 5, 6, eps=1.5)
    check("out", out)


@weight(0.5)
@number("5.5")
@visibility("hidden")
def test_backward_eps(submission, rng, check):
    """layernorm_backward goes by the eps of the forward pass"""
    check_backward(submission, rng, check, 5, 6, eps=1.5)
