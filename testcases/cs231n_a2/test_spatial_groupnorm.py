"""Spatial group normalisation. Channels and pictures differ in mean and deviation, so that each grouping shows."""

import pytest
from inputs import flat, layers

from grader.testing import number, visibility, weight

CASES = pytest.mark.parametrize(
    ("shape", "groups"), [((2, 6, 4, 5), 2), ((3, 6, 2, 3), 3)], ids=["2 groups", "3 groups"]
)
OTHER_CASES = pytest.mark.parametrize(
    ("shape", "groups"), [((2, 4, 3, 2), 1), ((3, 3, 2, 4), 3)], ids=["one group", "groups of one channel"]
)


def forward(submission, rng, shape, groups, **settings):
    """spatial_groupnorm_forward on drawn numbers."""
    each = (*shape[:2], 1, 1)
    x = rng.normal(size=shape) * rng.uniform(2, 4, size=each) + rng.uniform(-3, 3, size=each)
    gamma, beta = rng.uniform(0.5, 2, size=(1, shape[1], 1, 1)), rng.normal(size=(1, shape[1], 1, 1))
    return layers(submission).spatial_groupnorm_forward(x, gamma, beta, groups, settings)


def check_backward(submission, rng, check, shape, groups, each=None, **settings):
    """dx, dgamma and dbeta; each: the points of dgamma and of dbeta, None where the test is all or nothing."""
    _, cache = forward(submission, rng, shape, groups, **settings)
    dx, dgamma, dbeta = layers(submission).spatial_groupnorm_backward(rng.normal(size=shape), cache)
    check("dx", dx)
    check("dgamma", flat(dgamma), points=each)
    check("dbeta", flat(dbeta), points=each)


@weight(2)
@number("10.1")
@CASES
def test_forward(submission, rng, check, shape, groups):
    """spatial_groupnorm_forward"""
    out, _ = forward(submission, rng, shape, groups)
    check("out", out)


@weight(2.5)
@number("10.2")
@CASES
def test_backward(submission, rng, check, shape, groups):
    """spatial_groupnorm_backward"""
    check_backward(submission, rng, check, shape, groups, each=0.25)


@weight(1)
@number("10.3")
@visibility("hidden")
@OTHER_CASES
def test_other_groups(submission, rng, check, shape, groups):
    """Spatial group normalisation with one group, and with a group for each channel"""
    out, _ = forward(submission, rng, shape, groups)
    check("out", out)
    check_backward(submission, rng, check, shape, groups)


@weight(0.5)
@number("10.4")
@visibility("hidden")
def test_eps(submission, rng, check):
    """Spatial group normalisation goes by the eps in gn_param"""
    out, _ = forward(submission, rng, (2, 4, 2, 3), 2, eps=1.5)
    check("out", out)
    check_backward(submission, rng, check, (2, 4, 2, 3), 2, eps=1.5)
