"""SGD with momentum over several steps, with gradients that change.

What is compared is how far the parameters moved: a move is small beside a weight, and a mistake would drown in it.
"""

import pytest
from inputs import draw, line, step

from grader.testing import number, visibility, weight


@weight(1)
@number("6.1")
def test_published(submission, check):
    """sgd_momentum on the course's numbers"""
    w, dw, velocity = line(-0.4, 0.6, 4, 5), line(-0.6, 0.4, 4, 5), line(0.6, 0.9, 4, 5)
    config = {"learning_rate": 1e-3, "velocity": velocity}
    next_w, config = submission.fully_connected_networks.sgd_momentum(w, dw, config)
    # the rule is linear: the course's arrays run evenly from their first number to their last
    check("next_w", next_w, points=0.5, published=line(0.1406, 1.4096, 4, 5))
    check("velocity", config["velocity"], points=0.5, published=line(0.5406, 0.8096, 4, 5))


@weight(2)
@number("6.2")
@pytest.mark.parametrize("shape", [(3, 5), (7,)], ids=["a weight", "a bias"])
def test_five_steps(submission, rng, check, shape):
    """Five steps of sgd_momentum with changing gradients"""
    rule = submission.fully_connected_networks.sgd_momentum
    w = draw(rng, *shape)
    gradients = [draw(rng, *shape) for _ in range(5)]
    config = {"learning_rate": 0.02, "momentum": 0.8}
    for index, (moved, state) in enumerate(step(rule, w, gradients, config), 1):
        check(f"move after step {index}", moved - w)
        check(f"velocity after step {index}", state["velocity"])


@weight(1)
@number("6.3")
def test_without_config(submission, rng, check):
    """sgd_momentum makes its own config, with the default values"""
    rule = submission.fully_connected_networks.sgd_momentum
    w = draw(rng, 4, 3)
    gradients = [draw(rng, 4, 3) for _ in range(4)]
    for index, (moved, _) in enumerate(step(rule, w, gradients), 1):
        check(f"move after step {index}", moved - w)


@weight(1)
@number("6.4")
@visibility("hidden")
def test_other_values(submission, rng, check):
    """Eight steps of sgd_momentum with another momentum"""
    rule = submission.fully_connected_networks.sgd_momentum
    w = draw(rng, 6, 2)
    gradients = [draw(rng, 6, 2) * 3.0 ** (index % 3) for index in range(8)]
    for index, (moved, _) in enumerate(step(rule, w, gradients, {"learning_rate": 0.3, "momentum": 0.35}), 1):
        check(f"move after step {index}", moved - w)


@weight(1)
@number("6.5")
@visibility("hidden")
def test_two_parameters(submission, rng, check):
    """sgd_momentum keeps the velocities of two parameters apart"""
    rule = submission.fully_connected_networks.sgd_momentum
    starts = {"W": draw(rng, 5, 4), "b": draw(rng, 4)}
    moved = {name: value.clone() for name, value in starts.items()}
    configs = dict.fromkeys(starts)
    for _ in range(4):
        for name, value in starts.items():
            moved[name], configs[name] = rule(moved[name].clone(), draw(rng, *value.shape), configs[name])
    for name, value in starts.items():
        check(f"move of {name}", moved[name] - value)
