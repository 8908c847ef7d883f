"""Adam, on arrays."""

import numpy as np
import pytest
from driving import EPSILONS, LAYER, MANY, check_quadratic, check_steps, check_zero_gradient, quadratic_path, using

from grader.testing import number, visibility, weight


@weight(0.5)
@number("9.01")
def test_first_step(submission, rng, check):
    """The first step of Adam is about lr long, whatever the gradient"""
    lr = rng.uniform(0.02, 0.08)  # only lr and the signs tell two draws apart
    check_steps(check, rng, using(submission, "Adam", lr), {"x": (20,)}, 1, scale=30.0)


@weight(1.5)
@number("9.02")
def test_four_steps(submission, rng, check):
    """Four steps of Adam with changing gradients"""
    check_steps(check, rng, using(submission, "Adam", 0.05, beta1=0.8, beta2=0.95), LAYER, 4, every=True)


@weight(0.25)
@number("9.03")
def test_default(submission, rng, check):
    """Adam with beta1 = 0.9 and beta2 = 0.999, the defaults"""
    check_steps(check, rng, using(submission, "Adam", 0.01), {"x": (6,)}, 5)


@weight(0.25)
@number("9.04")
def test_quadratic(submission, rng, check):
    """Adam in a long, narrow valley"""
    check_quadratic(check, rng, using(submission, "Adam", 0.3))


@weight(1)
@number("9.05")
@visibility("hidden")
@EPSILONS
def test_small_gradients(submission, rng, check, options, scale):
    """Adam where epsilon matters"""
    check_steps(check, rng, using(submission, "Adam", 0.05, beta2=0.9, **options), LAYER, 4, scale=scale)


@weight(1.25)
@number("9.06")
@visibility("hidden")
def test_many_parameters(submission, rng, check):
    """Adam counts steps, not parameters; other betas and gradients that grow"""
    make = using(submission, "Adam", 0.05, beta1=0.6, beta2=0.9)
    check_steps(check, rng, make, MANY, 6, scale=0.01, grow=3.0)


@weight(0.75)
@number("9.07")
@visibility("hidden")
def test_many_steps(submission, rng, check):
    """Forty steps of Adam"""
    check_steps(check, rng, using(submission, "Adam", 0.01), {"x": (3, 4)}, 40)


@weight(0.5)
@number("9.08")
@visibility("hidden")
def test_zero_gradient(submission, rng, check):
    """Adam leaves a parameter alone whose gradient is zero"""
    check_zero_gradient(check, rng, using(submission, "Adam", 0.1))


@weight(0)
@number("9.09")
def test_order(submission, check):
    """Remark, no points: the order of your optimisers in a long, narrow valley, the best first"""
    makers = {
        "SGD": using(submission, "SGD", 0.02),
        "Momentum": using(submission, "Momentum", 0.02, rho=0.7),
        "Nesterov": using(submission, "Nesterov", 0.02, rho=0.7),
        "AdaGrad": using(submission, "AdaGrad", 0.8),
        "RMSProp": using(submission, "RMSProp", 0.1, decay_rate=0.95),
        "Adam": using(submission, "Adam", 0.3),
    }
    start = np.array([-9.0, 1.0])
    last = {name: quadratic_path(make, start, 80, asks=name == "Nesterov")[-1] for name, make in makers.items()}
    order = sorted(last, key=last.get)
    for name in order:
        print(f"{name:9} f = {last[name]:.3g} after 80 steps")
    check("order", ", ".join(order))


@weight(0)
@number("9.10")
@pytest.mark.parametrize("name", ["SGD", "Momentum", "AdaGrad", "RMSProp", "AdamUncorrected", "Adam"])
def test_gradients_are_kept(submission, rng, check, name):
    """Remark, no points: step leaves the gradients as they are"""
    optimizer = using(submission, name, 0.1)({"x": rng.normal(size=(3, 4))})
    for step in (1, 2):
        g = rng.normal(size=(3, 4))
        given = g.copy()
        optimizer.step({"x": given})
        check.unchanged(f"gradient after step {step}", given, original=g)
