"""RMSProp over several steps, with gradients that change, and with gradients so small that epsilon matters.

What is compared is how far the parameters moved: a move is small beside a weight, and a mistake would drown in it.
"""

import pytest
from inputs import draw, line, step

from grader.testing import number, visibility, weight


@weight(1.5)
@number("7.1")
def test_published(submission, check):
    """rmsprop on the course's numbers"""
    w, dw, cache = line(-0.4, 0.6, 4, 5), line(-0.6, 0.4, 4, 5), line(0.6, 0.9, 4, 5)
    next_w, config = submission.fully_connected_networks.rmsprop(w, dw, {"learning_rate": 1e-2, "cache": cache})
    published = [
        [-0.39223849, -0.34037513, -0.28849239, -0.23659121, -0.18467247],
        [-0.132737, -0.08078555, -0.02881884, 0.02316247, 0.07515774],
        [0.12716641, 0.17918792, 0.23122175, 0.28326742, 0.33532447],
        [0.38739248, 0.43947102, 0.49155973, 0.54365823, 0.59576619],
    ]
    check("next_w", next_w, points=0.75, published=published)
    published = [
        [0.5976, 0.6126277, 0.6277108, 0.64284931, 0.65804321],
        [0.67329252, 0.68859723, 0.70395734, 0.71937285, 0.73484377],
        [0.75037008, 0.7659518, 0.78158892, 0.79728144, 0.81302936],
        [0.82883269, 0.84469141, 0.86060554, 0.87657507, 0.8926],
    ]
    check("cache", config["cache"], points=0.75, published=published)


@weight(2.5)
@number("7.2")
@pytest.mark.parametrize("shape", [(4, 6), (5,)], ids=["a weight", "a bias"])
def test_five_steps(submission, rng, check, shape):
    """Five steps of rmsprop with changing gradients"""
    rule = submission.fully_connected_networks.rmsprop
    w = draw(rng, *shape)
    gradients = [draw(rng, *shape) for _ in range(5)]
    config = {"learning_rate": 0.02, "decay_rate": 0.9, "epsilon": 1e-8}
    for index, (moved, state) in enumerate(step(rule, w, gradients, config), 1):
        check(f"move after step {index}", moved - w)
        check(f"cache after step {index}", state["cache"])


@weight(1)
@number("7.3")
def test_without_config(submission, rng, check):
    """rmsprop makes its own config, with the default values"""
    rule = submission.fully_connected_networks.rmsprop
    w = draw(rng, 3, 4)
    gradients = [draw(rng, 3, 4) for _ in range(4)]
    for index, (moved, _) in enumerate(step(rule, w, gradients), 1):
        check(f"move after step {index}", moved - w)


@weight(1.5)
@number("7.4")
@visibility("hidden")
def test_other_values(submission, rng, check):
    """Six steps of rmsprop with another decay and a large epsilon"""
    rule = submission.fully_connected_networks.rmsprop
    w = draw(rng, 7, 2)
    gradients = [draw(rng, 7, 2) * 2.0 ** (index % 4) for index in range(6)]
    config = {"learning_rate": 0.1, "decay_rate": 0.6, "epsilon": 0.05}
    for index, (moved, _) in enumerate(step(rule, w, gradients, config), 1):
        check(f"move after step {index}", moved - w)


@weight(1.5)
@number("7.5")
@visibility("hidden")
def test_small_gradients(submission, rng, check):
    """rmsprop where epsilon matters: gradients of about 1e-6"""
    rule = submission.fully_connected_networks.rmsprop
    w = draw(rng, 5, 3)
    gradients = [1e-6 * draw(rng, 5, 3) for _ in range(5)]
    for index, (moved, _) in enumerate(step(rule, w, gradients, {"learning_rate": 1e-2}), 1):
        check(f"move after step {index}", moved - w)
