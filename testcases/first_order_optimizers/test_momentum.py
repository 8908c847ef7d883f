"""Momentum, on arrays."""

from driving import LAYER, MANY, check_quadratic, check_steps, using

from grader.testing import number, visibility, weight


@weight(2)
@number("4.1")
def test_five_steps(submission, rng, check):
    """Five steps of Momentum with changing gradients"""
    check_steps(check, rng, using(submission, "Momentum", 0.1, rho=0.8), LAYER, 5, every=True)


@weight(0.5)
@number("4.2")
def test_default(submission, rng, check):
    """Momentum with rho = 0.9, the default"""
    check_steps(check, rng, using(submission, "Momentum", 0.05), {"x": (6,)}, 4)


@weight(0.5)
@number("4.3")
def test_quadratic(submission, rng, check):
    """Momentum in a long, narrow valley"""
    check_quadratic(check, rng, using(submission, "Momentum", 0.02, rho=0.7))


@weight(1.25)
@number("4.4")
@visibility("hidden")
def test_many_parameters(submission, rng, check):
    """Momentum with rho = 0.35 on four parameters, with gradients that grow from step to step"""
    check_steps(check, rng, using(submission, "Momentum", 0.3, rho=0.35), MANY, 6, scale=0.01, grow=3.0)


@weight(0.75)
@number("4.5")
@visibility("hidden")
def test_many_steps(submission, rng, check):
    """Forty steps of Momentum with rho = 0.99"""
    check_steps(check, rng, using(submission, "Momentum", 0.02, rho=0.99), {"x": (5, 4)}, 40)
