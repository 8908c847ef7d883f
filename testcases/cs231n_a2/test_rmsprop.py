"""RMSProp over several steps, with gradients that change, and with gradients so small that epsilon matters."""

import pytest
from inputs import kept, optim, steps

from grader.testing import number, visibility, weight


@weight(2)
@number("12.1")
@pytest.mark.parametrize("shape", [(4, 6), (5,)], ids=["a weight", "a bias"])
def test_five_steps(submission, rng, check, shape):
    """Five steps of rmsprop with changing gradients"""
    gradients = rng.normal(size=(5, *shape))
    config = {"learning_rate": 0.02, "decay_rate": 0.9, "epsilon": 1e-8}
    done = steps(optim(submission).rmsprop, rng.normal(size=shape), gradients, config)
    for index, (move, state) in enumerate(done, 1):
        check(f"move after step {index}", move)
        check(f"cache after step {index}", kept(state["cache"]))


@weight(1)
@number("12.2")
def test_without_config(submission, rng, check):
    """rmsprop makes its own config, with the default values"""
    done = steps(optim(submission).rmsprop, rng.normal(size=(3, 4)), rng.normal(size=(4, 3, 4)))
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move)


@weight(1)
@number("12.3")
@visibility("hidden")
def test_other_values(submission, rng, check):
    """Six steps of rmsprop with another decay and a large epsilon"""
    gradients = [rng.normal(size=(7, 2)) * 2.0 ** (index % 4) for index in range(6)]
    config = {"learning_rate": 0.1, "decay_rate": 0.6, "epsilon": 0.05}
    done = steps(optim(submission).rmsprop, rng.normal(size=(7, 2)), gradients, config)
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move)


@weight(1)
@number("12.4")
@visibility("hidden")
def test_small_gradients(submission, rng, check):
    """rmsprop where epsilon matters: gradients of about 1e-6"""
    gradients = 1e-6 * rng.normal(size=(5, 5, 3))
    done = steps(optim(submission).rmsprop, rng.normal(size=(5, 3)), gradients, {"learning_rate": 1e-2})
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move)
