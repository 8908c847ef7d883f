"""Adam without bias correction, on arrays."""

from driving import EPSILONS, LAYER, MANY, check_quadratic, check_steps, check_zero_gradient, using

from grader.testing import number, visibility, weight


@weight(1.25)
@number("8.1")
def test_four_steps(submission, rng, check):
    """Four steps of AdamUncorrected with changing gradients"""
    check_steps(check, rng, using(submission, "AdamUncorrected", 0.05, beta1=0.8, beta2=0.95), LAYER, 4, every=True)


@weight(0.25)
@number("8.2")
def test_default(submission, rng, check):
    """AdamUncorrected with beta1 = 0.9 and beta2 = 0.999, the defaults"""
    check_steps(check, rng, using(submission, "AdamUncorrected", 0.01), {"x": (6,)}, 5)


@weight(0.25)
@number("8.3")
def test_quadratic(submission, rng, check):
    """AdamUncorrected in a long, narrow valley"""
    check_quadratic(check, rng, using(submission, "AdamUncorrected", 0.1, beta2=0.99))


@weight(0.75)
@number("8.4")
@visibility("hidden")
@EPSILONS
def test_small_gradients(submission, rng, check, options, scale):
    """AdamUncorrected where epsilon matters"""
    check_steps(check, rng, using(submission, "AdamUncorrected", 0.05, beta2=0.9, **options), LAYER, 4, scale=scale)


@weight(1)
@number("8.5")
@visibility("hidden")
def test_many_parameters(submission, rng, check):
    """AdamUncorrected with other betas on four parameters, with gradients that grow"""
    make = using(submission, "AdamUncorrected", 0.05, beta1=0.6, beta2=0.8)
    check_steps(check, rng, make, MANY, 9, scale=0.01, grow=2.0)


@weight(0.5)
@number("8.6")
@visibility("hidden")
def test_zero_gradient(submission, rng, check):
    """AdamUncorrected leaves a parameter alone whose gradient is zero"""
    check_zero_gradient(check, rng, using(submission, "AdamUncorrected", 0.1))
