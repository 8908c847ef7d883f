"""SGD with momentum over several steps, with gradients that change."""

import pytest
from inputs import kept, moved, optim, steps

from grader.testing import number, visibility, weight


@weight(2)
@number("11.1")
@pytest.mark.parametrize("shape", [(3, 5), (7,)], ids=["a weight", "a bias"])
def test_five_steps(submission, rng, check, shape):
    """Five steps of sgd_momentum with changing gradients"""
    gradients = rng.normal(size=(5, *shape))
    config = {"learning_rate": 0.02, "momentum": 0.8}
    done = steps(optim(submission).sgd_momentum, rng.normal(size=shape), gradients, config)
    for index, (move, state) in enumerate(done, 1):
        check(f"move after step {index}", move)
        check(f"velocity after step {index}", kept(state["velocity"]))


@weight(1)
@number("11.2")
def test_without_config(submission, rng, check):
    """sgd_momentum makes its own config, with the default values"""
    done = steps(optim(submission).sgd_momentum, rng.normal(size=(4, 3)), rng.normal(size=(4, 4, 3)))
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move)


@weight(1)
@number("11.3")
@visibility("hidden")
def test_other_values(submission, rng, check):
    """Eight steps of sgd_momentum with another momentum"""
    gradients = [rng.normal(size=(6, 2)) * 3.0 ** (index % 3) for index in range(8)]
    config = {"learning_rate": 0.3, "momentum": 0.35}
    done = steps(optim(submission).sgd_momentum, rng.normal(size=(6, 2)), gradients, config)
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move)


@weight(1)
@number("11.4")
@visibility("hidden")
def test_two_parameters(submission, rng, check):
    """sgd_momentum keeps the velocities of two parameters apart"""
    starts = {"W": rng.normal(size=(5, 4)), "b": rng.normal(size=4)}
    now = {name: value.copy() for name, value in starts.items()}
    configs = {name: {"learning_rate": 0.05} for name in starts}
    for _ in range(4):
        for name, value in starts.items():
            w, configs[name] = optim(submission).sgd_momentum(now[name], rng.normal(size=value.shape), configs[name])
            now[name] = kept(w)
    for name, value in starts.items():
        check(f"move of {name}", moved(now[name], value))
