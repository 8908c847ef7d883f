"""RMSProp, on arrays."""

from driving import EPSILONS, LAYER, MANY, check_quadratic, check_steps, check_zero_gradient, using

from grader.testing import number, visibility, weight


@weight(1)
@number("7.1")
def test_four_steps(submission, rng, check):
    """Four steps of RMSProp with changing gradients"""
    check_steps(check, rng, using(submission, "RMSProp", 0.1, decay_rate=0.9), LAYER, 4, every=True)


@weight(0.25)
@number("7.2")
def test_default(submission, rng, check):
    """RMSProp with decay_rate = 0.99, the default"""
    check_steps(check, rng, using(submission, "RMSProp", 0.02), {"x": (6,)}, 5)


@weight(0.25)
@number("7.3")
def test_quadratic(submission, rng, check):
    """RMSProp in a long, narrow valley"""
    check_quadratic(check, rng, using(submission, "RMSProp", 0.1, decay_rate=0.95))


@weight(1)
@number("7.4")
@visibility("hidden")
@EPSILONS
def test_small_gradients(submission, rng, check, options, scale):
    """RMSProp where epsilon matters"""
    check_steps(check, rng, using(submission, "RMSProp", 0.1, decay_rate=0.8, **options), LAYER, 4, scale=scale)


@weight(1)
@number("7.5")
@visibility("hidden")
def test_forgetting(submission, rng, check):
    """RMSProp forgets: thirty steps with gradients that shrink"""
    check_steps(check, rng, using(submission, "RMSProp", 0.05, decay_rate=0.6), MANY, 30, scale=10.0, grow=0.8)


@weight(0.5)
@number("7.6")
@visibility("hidden")
def test_zero_gradient(submission, rng, check):
    """RMSProp leaves a parameter alone whose gradient is zero"""
    check_zero_gradient(check, rng, using(submission, "RMSProp", 0.1))
