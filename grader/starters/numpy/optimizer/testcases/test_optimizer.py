"""Optimisers over several steps with changing gradients: one step can't show state that isn't kept."""

import pytest

from grader.testing import number, visibility, weight


def check_moves(check, rng, make, *, steps, scale=1.0):
    """Check how far two parameters move: a move is small beside a parameter, so a wrong epsilon would hide in it."""
    parameters = [rng.normal(size=(4, 3)), rng.normal(size=5)]
    start = [parameter.copy() for parameter in parameters]
    optimizer = make(parameters)
    for _ in range(steps):
        optimizer.step([scale * rng.normal(size=parameter.shape) for parameter in start])
    for index, (before, after) in enumerate(zip(start, parameters, strict=True)):
        check(f"move of parameter {index} in {steps} steps", after - before)


@weight(2)
@number("2.1")
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd(submission, rng, check, momentum):
    """Four steps of SGD"""
    check_moves(check, rng, lambda given: submission.optimizer.SGD(given, lr=0.05, momentum=momentum), steps=4)


@weight(3)
@number("2.2")
def test_adam(submission, rng, check):
    """Four steps of Adam"""
    check_moves(check, rng, lambda given: submission.optimizer.Adam(given, lr=0.01), steps=4)


@weight(2)
@number("2.3")
@visibility("hidden")
def test_other_betas(submission, rng, check):
    """Adam with beta1 = 0.6, beta2 = 0.8 and a large epsilon"""

    def make(given):
        return submission.optimizer.Adam(given, lr=0.02, beta1=0.6, beta2=0.8, epsilon=0.01)

    check_moves(check, rng, make, steps=6, scale=0.1)
