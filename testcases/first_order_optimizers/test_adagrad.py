"""AdaGrad, on arrays."""

from driving import EPSILONS, LAYER, MANY, check_quadratic, check_steps, check_zero_gradient, using

from grader.testing import number, visibility, weight


@weight(1.25)
@number("6.1")
def test_four_steps(submission, rng, check):
    """Four steps of AdaGrad with changing gradients"""
    check_steps(check, rng, using(submission, "AdaGrad", 0.1), LAYER, 4, every=True)


@weight(0.25)
@number("6.2")
def test_quadratic(submission, rng, check):
    """AdaGrad in a long, narrow valley"""
    check_quadratic(check, rng, using(submission, "AdaGrad", 0.8))


@weight(1)
@number("6.3")
@visibility("hidden")
@EPSILONS
def test_small_gradients(submission, rng, check, options, scale):
    """AdaGrad where epsilon matters"""
    check_steps(check, rng, using(submission, "AdaGrad", 0.1, **options), LAYER, 4, scale=scale)


@weight(1)
@number("6.4")
@visibility("hidden")
def test_many_parameters(submission, rng, check):
    """AdaGrad on four parameters, with gradients that shrink from step to step"""
    check_steps(check, rng, using(submission, "AdaGrad", 0.05), MANY, 12, scale=10.0, grow=0.6)


@weight(0.5)
@number("6.5")
@visibility("hidden")
def test_zero_gradient(submission, rng, check):
    """AdaGrad leaves a parameter alone whose gradient is zero"""
    check_zero_gradient(check, rng, using(submission, "AdaGrad", 0.1))
