"""Adam over several steps, with gradients that change, and with gradients so small that epsilon matters.

What is compared is how far the parameters moved: a move is small beside a weight, and a mistake would drown in it.
"""

import pytest
from inputs import draw, line, step

from grader.testing import number, visibility, weight


@weight(2)
@number("8.1")
def test_published(submission, check):
    """adam on the course's numbers"""
    w, dw, m = line(-0.4, 0.6, 4, 5), line(-0.6, 0.4, 4, 5), line(0.6, 0.9, 4, 5)
    config = {"learning_rate": 1e-2, "m": m, "v": line(0.7, 0.5, 4, 5), "t": 5}
    next_w, config = submission.fully_connected_networks.adam(w, dw, config)
    published = [
        [-0.40094747, -0.34836187, -0.29577703, -0.24319299, -0.19060977],
        [-0.1380274, -0.08544591, -0.03286534, 0.01971428, 0.0722929],
        [0.1248705, 0.17744702, 0.23002243, 0.28259667, 0.33516969],
        [0.38774145, 0.44031188, 0.49288093, 0.54544852, 0.59801459],
    ]
    check("next_w", next_w, points=1, published=published)
    published = [
        [0.69966, 0.68908382, 0.67851319, 0.66794809, 0.65738853],
        [0.64683452, 0.63628604, 0.6257431, 0.61520571, 0.60467385],
        [0.59414753, 0.58362676, 0.57311152, 0.56260183, 0.55209767],
        [0.54159906, 0.53110598, 0.52061845, 0.51013645, 0.49966],
    ]
    check("v", config["v"], points=0.5, published=published)
    published = [
        [0.48, 0.49947368, 0.51894737, 0.53842105, 0.55789474],
        [0.57736842, 0.59684211, 0.61631579, 0.63578947, 0.65526316],
        [0.67473684, 0.69421053, 0.71368421, 0.73315789, 0.75263158],
        [0.77210526, 0.79157895, 0.81105263, 0.83052632, 0.85],
    ]
    check("m", config["m"], points=0.5, published=published)


@weight(3)
@number("8.2")
@pytest.mark.parametrize("shape", [(6, 4), (5,)], ids=["a weight", "a bias"])
def test_five_steps(submission, rng, check, shape):
    """Five steps of adam with changing gradients"""
    rule = submission.fully_connected_networks.adam
    w = draw(rng, *shape)
    gradients = [draw(rng, *shape) for _ in range(5)]
    config = {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    for index, (moved, _) in enumerate(step(rule, w, gradients, config), 1):
        check(f"move after step {index}", moved - w)


@weight(1)
@number("8.3")
def test_without_config(submission, rng, check):
    """adam makes its own config, with the default values"""
    rule = submission.fully_connected_networks.adam
    w = draw(rng, 3, 7)
    gradients = [draw(rng, 3, 7) for _ in range(4)]
    for index, (moved, _) in enumerate(step(rule, w, gradients), 1):
        check(f"move after step {index}", moved - w)


@weight(1)
@number("8.4")
def test_state(submission, rng, check):
    """adam stores m, v and the number of steps t"""
    rule = submission.fully_connected_networks.adam
    w = draw(rng, 2, 5)
    *_, (_, config) = step(rule, w, [draw(rng, 2, 5) for _ in range(4)], {"beta1": 0.7})
    check("t after four steps", float(config["t"]))
    check("m after four steps", config["m"])
    check("v after four steps", config["v"])


@weight(1.5)
@number("8.5")
@visibility("hidden")
def test_other_values(submission, rng, check):
    """Six steps of adam with other betas and a large epsilon"""
    rule = submission.fully_connected_networks.adam
    w = draw(rng, 8, 3)
    gradients = [draw(rng, 8, 3) * 2.0 ** (index % 4) for index in range(6)]
    config = {"learning_rate": 0.1, "beta1": 0.6, "beta2": 0.85, "epsilon": 0.02}
    for index, (moved, _) in enumerate(step(rule, w, gradients, config), 1):
        check(f"move after step {index}", moved - w)


@weight(1)
@number("8.6")
@visibility("hidden")
def test_small_gradients(submission, rng, check):
    """adam where epsilon matters: gradients of about 1e-6"""
    rule = submission.fully_connected_networks.adam
    w = draw(rng, 4, 5)
    gradients = [1e-6 * draw(rng, 4, 5) for _ in range(5)]
    for index, (moved, _) in enumerate(step(rule, w, gradients, {"learning_rate": 1e-2}), 1):
        check(f"move after step {index}", moved - w)


@weight(0.5)
@number("8.7")
@visibility("hidden")
def test_many_steps(submission, rng, check):
    """Forty steps of adam"""
    rule = submission.fully_connected_networks.adam
    w = draw(rng, 3, 3)
    *_, (moved, _) = step(rule, w, [draw(rng, 3, 3) for _ in range(40)], {"learning_rate": 5e-3})
    check("move after forty steps", moved - w)
