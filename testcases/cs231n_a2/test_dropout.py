"""Dropout, judged by what is true of every right mask, whatever it was drawn with.

The course has changed what p is: the probability to drop until 2017, to keep since. Either is right here, if the layer
goes by it throughout; so a test says which share is to be kept, and asks the hand-in's own layer for its p.
"""

import numpy as np
import pytest
from inputs import coarse, kept, layers

from grader.testing import number, visibility, weight

SHARES = pytest.mark.parametrize("keep", [0.3, 0.6])


def training(submission, keep, **seed):
    """dropout_param that lets this layer keep so many."""
    out, _ = layers(submission).dropout_forward(np.ones((20, 25)), {"mode": "train", "p": 0.2})
    drops = isinstance(out, np.ndarray) and np.count_nonzero(out) > 250
    return {"mode": "train", "p": 1 - keep if drops else keep, **seed}


def check_drops(check, submission, rng):
    """Demand a mask in training, right or wrong: a layer that drops nothing, or everything, earns nothing.

    A mask that never changes is paid for where training is graded, and there alone.
    """
    x = coarse(rng, 9, 14)
    out, _ = layers(submission).dropout_forward(x.copy(), training(submission, 0.5))
    check.dropout("out in training", out, x=x, keep=None)


@weight(4)
@number("6.1")
@SHARES
def test_training(submission, rng, check, keep):
    """dropout_forward drops at random in training, and scales what it keeps"""
    x = coarse(rng, 30, 50)
    param = training(submission, keep)
    forward = layers(submission).dropout_forward
    # a net gives all its layers the same dict, in every pass
    out, *again = check.calls(lambda: forward(x.copy(), param)[0])
    others = check.calls(lambda: forward(x.copy(), dict(param))[0])[:4]
    check.dropout("out", out, x=x, keep=keep, again=again, other=others)


@weight(3)
@number("6.2")
@SHARES
def test_backward(submission, rng, check, keep):
    """dropout_backward lets the gradient through where forward kept, with the same scale"""
    x, dout = coarse(rng, 20, 40), coarse(rng, 20, 40)
    out, cache = layers(submission).dropout_forward(x.copy(), training(submission, keep))
    out = kept(out)
    dx = layers(submission).dropout_backward(dout.copy(), cache)
    check.dropout_backward("dx", dx, y=out, x=x, delta=dout, keep=keep)


@weight(1.5)
@number("6.3")
def test_test_mode(submission, rng, check):
    """Dropout changes nothing in test mode, neither forward nor backward"""
    out, cache = layers(submission).dropout_forward(rng.normal(size=(8, 13)), {"mode": "test", "p": 0.3})
    check("out", kept(out))
    check("dx", layers(submission).dropout_backward(rng.normal(size=(8, 13)), cache))
    check_drops(check, submission, rng)


@weight(1)
@number("6.4")
def test_seed(submission, rng, check):
    """dropout_forward repeats its mask for the same seed, and draws another for another seed"""
    x = coarse(rng, 30, 40)
    outs = []
    for seed in (12, 12, 13):
        out, _ = layers(submission).dropout_forward(x.copy(), training(submission, 0.65, seed=seed))
        outs.append(kept(out))
    out, repeat, other = outs
    check.dropout("out", out, x=x, keep=0.65, again=other, repeat=repeat)


@weight(1)
@number("6.5")
@visibility("hidden")
def test_other_shape(submission, rng, check):
    """Dropout for pictures"""
    x, dout = coarse(rng, 6, 3, 8, 9), coarse(rng, 6, 3, 8, 9)
    param = training(submission, 0.8)
    out, cache = layers(submission).dropout_forward(x.copy(), param)
    out = kept(out)
    dx = layers(submission).dropout_backward(dout.copy(), cache)
    check.dropout("out", out, x=x, keep=0.8)
    check.dropout_backward("dx", dx, y=out, x=x, delta=dout, keep=0.8)


@weight(0.5)
@number("6.6")
@visibility("hidden")
def test_keep_everything(submission, rng, check):
    """Dropout that keeps everything"""
    out, cache = layers(submission).dropout_forward(rng.normal(size=(7, 9)), training(submission, 1.0))
    check("out", kept(out))
    check("dx", layers(submission).dropout_backward(rng.normal(size=(7, 9)), cache))
    check_drops(check, submission, rng)


@weight(1)
@number("6.7")
@visibility("hidden")
def test_two_passes(submission, rng, check):
    """dropout_backward uses the mask of the forward pass that its cache comes from"""
    x, dout = coarse(rng, 15, 40), coarse(rng, 15, 40)
    param = training(submission, 0.6)
    passes = []
    for name in ("first", "second"):
        out, cache = layers(submission).dropout_forward(x.copy(), dict(param))
        passes.append((name, kept(out), cache))
    for name, out, cache in reversed(passes):
        dx = layers(submission).dropout_backward(dout.copy(), cache)
        check.dropout_backward(f"dx of the {name} pass", dx, y=out, x=x, delta=dout, keep=0.6)
