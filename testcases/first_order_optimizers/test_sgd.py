"""SGD, on arrays."""

from driving import LAYER, MANY, check_quadratic, check_steps, using

from grader.testing import number, visibility, weight


@weight(1.5)
@number("3.1")
def test_four_steps(submission, rng, check):
    """Four steps of SGD with changing gradients"""
    check_steps(check, rng, using(submission, "SGD", 0.1), LAYER, 4, every=True)


@weight(0.5)
@number("3.2")
def test_quadratic(submission, rng, check):
    """SGD in a long, narrow valley: it zigzags across and creeps along"""
    check_quadratic(check, rng, using(submission, "SGD", 0.038))


@weight(1)
@number("3.3")
@visibility("hidden")
def test_many_parameters(submission, rng, check):
    """SGD on four parameters, with gradients that grow from step to step"""
    check_steps(check, rng, using(submission, "SGD", 0.02), MANY, 6, scale=0.01, grow=10.0)
