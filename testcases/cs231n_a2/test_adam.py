"""Adam over several steps, with gradients that change, and with gradients so small that epsilon matters."""

import pytest
from inputs import kept, optim, steps

from grader.testing import number, visibility, weight

ROUNDED = 1e-6
"""How far a move of about 1e-3 may be off, because weights of about 1 in float32 are rounded to 1e-7."""


@weight(2)
@number("13.1")
@pytest.mark.parametrize("shape", [(6, 4), (5,)], ids=["a weight", "a bias"])
def test_five_steps(submission, rng, check, shape):
    """Five steps of adam with changing gradients"""
    config = {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    done = steps(optim(submission).adam, rng.normal(size=shape), rng.normal(size=(5, *shape)), config)
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move)


@weight(1)
@number("13.2")
def test_without_config(submission, rng, check):
    """adam makes its own config, with the default values"""
    done = steps(optim(submission).adam, rng.normal(size=(3, 7)), rng.normal(size=(4, 3, 7)))
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move, atol=ROUNDED)


@weight(1)
@number("13.3")
def test_state(submission, rng, check):
    """adam goes on from the m, v and t that it is given, raises t before its use, and stores all three"""
    state = {"m": rng.normal(size=(2, 5)), "v": rng.uniform(0.5, 2.0, size=(2, 5)), "t": 5}
    done = steps(optim(submission).adam, rng.normal(size=(2, 5)), rng.normal(size=(4, 2, 5)), {"beta1": 0.7, **state})
    *_, (move, config) = done
    check("move after four steps", move, atol=ROUNDED)
    check("t after four steps", float(config["t"]))
    check("m after four steps", kept(config["m"]))
    check("v after four steps", kept(config["v"]))


@weight(1)
@number("13.4")
@visibility("hidden")
def test_other_values(submission, rng, check):
    """Six steps of adam with other betas and a large epsilon"""
    gradients = [rng.normal(size=(8, 3)) * 2.0 ** (index % 4) for index in range(6)]
    config = {"learning_rate": 0.1, "beta1": 0.6, "beta2": 0.85, "epsilon": 0.02}
    done = steps(optim(submission).adam, rng.normal(size=(8, 3)), gradients, config)
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move)


@weight(0.5)
@number("13.5")
@visibility("hidden")
def test_small_gradients(submission, rng, check):
    """adam where epsilon matters: gradients of about 1e-6"""
    gradients = 1e-6 * rng.normal(size=(5, 4, 5))
    done = steps(optim(submission).adam, rng.normal(size=(4, 5)), gradients, {"learning_rate": 1e-2})
    for index, (move, _) in enumerate(done, 1):
        check(f"move after step {index}", move)


@weight(0.5)
@number("13.6")
@visibility("hidden")
def test_many_steps(submission, rng, check):
    """Forty steps of adam"""
    done = steps(optim(submission).adam, rng.normal(size=(3, 3)), rng.normal(size=(40, 3, 3)), {"learning_rate": 5e-3})
    *_, (move, _) = done
    check("move after forty steps", move)
