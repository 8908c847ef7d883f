"""Dropout, judged by what is true of every right mask, whatever it was drawn with. p is the probability to drop."""

import pytest
import torch
from inputs import draw, draw_coarse

from grader.testing import number, visibility, weight

PROBABILITIES = pytest.mark.parametrize("p", [0.3, 0.6])


def train(p, **seed):
    return {"mode": "train", "p": p, **seed}


def check_drops(check, dropout, rng):
    """Demand two masks in training, right or wrong: a layer that drops nothing, or the same for ever, earns nothing."""
    x = draw_coarse(rng, 9, 14)
    out, again = check.calls(lambda: dropout.forward(x.clone(), train(0.5))[0])[:2]
    check.dropout("out in training", out, x=x, keep=None, again=again)


@weight(4)
@number("9.1")
@PROBABILITIES
def test_training(submission, rng, check, p):
    """Dropout.forward drops with probability p in training, and scales what it keeps"""
    dropout = submission.fully_connected_networks.Dropout
    x = draw_coarse(rng, 30, 50)
    # a net gives all its layers the same dict, in every pass
    param = train(p)
    out, *again = check.calls(lambda: dropout.forward(x.clone(), param)[0])
    others = check.calls(lambda: dropout.forward(x.clone(), train(p))[0])[:4]
    check.dropout("out", out, x=x, keep=1 - p, again=again, other=others)


@weight(1.5)
@number("9.2")
def test_test_mode(submission, rng, check):
    """Dropout changes nothing in test mode, neither forward nor backward"""
    dropout = submission.fully_connected_networks.Dropout
    out, cache = dropout.forward(draw(rng, 8, 13), {"mode": "test", "p": 0.3})
    check("out", out)
    check("dx", dropout.backward(draw(rng, 8, 13), cache))
    check_drops(check, dropout, rng)


@weight(3)
@number("9.3")
@PROBABILITIES
def test_backward(submission, rng, check, p):
    """Dropout.backward lets the gradient through where forward kept, with the same scale"""
    dropout = submission.fully_connected_networks.Dropout
    x, dout = draw_coarse(rng, 20, 40), draw_coarse(rng, 20, 40)
    out, cache = dropout.forward(x.clone(), train(p))
    dx = dropout.backward(dout.clone(), cache)
    check.dropout_backward("dx", dx, y=out, x=x, delta=dout, keep=1 - p)


@weight(1)
@number("9.4")
def test_seed(submission, rng, check):
    """Dropout repeats its mask for the same seed, and draws another for another seed"""
    dropout = submission.fully_connected_networks.Dropout
    x = draw_coarse(rng, 30, 40)
    out, _ = dropout.forward(x.clone(), train(0.35, seed=12))
    repeat, _ = dropout.forward(x.clone(), train(0.35, seed=12))
    other, _ = dropout.forward(x.clone(), train(0.35, seed=13))
    check.dropout("out", out, x=x, keep=0.65, again=other, repeat=repeat)


@weight(1)
@number("9.5")
@visibility("hidden")
def test_other_shape(submission, rng, check):
    """Dropout for inputs of four dimensions, in float64"""
    dropout = submission.fully_connected_networks.Dropout
    x, dout = (draw_coarse(rng, 6, 3, 8, 9, dtype=torch.float64) for _ in range(2))
    out, cache = dropout.forward(x.clone(), train(0.2))
    dx = dropout.backward(dout.clone(), cache)
    again = check.calls(lambda: dropout.forward(x.clone(), train(0.2))[0])
    check.dropout("out", out, x=x, keep=0.8, again=again)
    check.dropout_backward("dx", dx, y=out, x=x, delta=dout, keep=0.8)


@weight(0.5)
@number("9.6")
@visibility("hidden")
def test_drop_nothing(submission, rng, check):
    """Dropout with p = 0 keeps everything"""
    dropout = submission.fully_connected_networks.Dropout
    out, cache = dropout.forward(draw(rng, 7, 9), train(0.0))
    check("out", out)
    check("dx", dropout.backward(draw(rng, 7, 9), cache))
    check_drops(check, dropout, rng)


@weight(1)
@number("9.7")
@visibility("hidden")
def test_two_passes(submission, rng, check):
    """Dropout.backward uses the mask of the forward pass that its cache comes from"""
    dropout = submission.fully_connected_networks.Dropout
    x, dout = draw_coarse(rng, 15, 40), draw_coarse(rng, 15, 40)
    first, first_cache = dropout.forward(x.clone(), train(0.4))
    second, second_cache = dropout.forward(x.clone(), train(0.4))
    for name, out, cache in (("second", second, second_cache), ("first", first, first_cache)):
        dx = dropout.backward(dout.clone(), cache)
        check.dropout_backward(f"dx of the {name} pass", dx, y=out, x=x, delta=dout, keep=0.6)
