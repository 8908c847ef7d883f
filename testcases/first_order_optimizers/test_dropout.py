"""Both kinds of dropout; p keeps. Judged by what is true of every right mask, whatever it was drawn with."""

import pytest
from making import kept, positive

from grader.testing import number, visibility, weight

PROBABILITIES = pytest.mark.parametrize("p", [0.25, 0.8])


@weight(1)
@number("10.1")
@PROBABILITIES
def test_vanilla_training(submission, rng, check, p):
    """VanillaDropout keeps with probability p in training, and scales nothing"""
    layer = submission("nn.dropout").VanillaDropout(p)
    x = positive(rng, (27, 20))
    y, *again = check.calls(lambda: layer.forward(x.copy(), train=True)[0])
    # made now: a seed that __init__ sets then repeats the first masks
    other = submission("nn.dropout").VanillaDropout(p)
    others = check.calls(lambda: other.forward(x.copy(), train=True)[0])[:4]
    check.dropout("out", y, x=x, keep=p, again=again, other=others)


@weight(1)
@number("10.2")
@PROBABILITIES
def test_inverted_training(submission, rng, check, p):
    """InvertedDropout keeps with probability p in training, and divides by p"""
    layer = submission("nn.dropout").InvertedDropout(p)
    x = positive(rng, (27, 20))
    y, *again = check.calls(lambda: layer.forward(x.copy(), train=True)[0])
    # made now: a seed that __init__ sets then repeats the first masks
    other = submission("nn.dropout").InvertedDropout(p)
    others = check.calls(lambda: other.forward(x.copy(), train=True)[0])[:4]
    check.dropout("out", y, x=x, keep=p, again=again, other=others)


@weight(1)
@number("10.3")
@PROBABILITIES
def test_evaluation(submission, rng, check, p):
    """In evaluation, VanillaDropout scales by p, and InvertedDropout does nothing"""
    x = rng.normal(size=(9, 14))
    dropout = submission("nn.dropout")
    check("out of VanillaDropout", dropout.VanillaDropout(p).forward(x.copy(), train=False)[0])
    check("out of InvertedDropout", dropout.InvertedDropout(p).forward(x.copy(), train=False)[0])


@weight(1)
@number("10.4")
@pytest.mark.parametrize("name", ["VanillaDropout", "InvertedDropout"])
def test_backward(submission, rng, check, name):
    """backward lets the gradient through where forward kept"""
    layer = getattr(submission("nn.dropout"), name)(0.7)
    x, dout = positive(rng, (18, 15)), positive(rng, (18, 15))
    y, cache = layer.forward(x.copy(), train=True)
    y = kept(y)
    check.dropout_backward("dx", layer.backward(dout.copy(), cache), y=y, x=x, delta=dout, keep=0.7)


@weight(0.75)
@number("10.5")
@visibility("hidden")
@pytest.mark.parametrize("name", ["VanillaDropout", "InvertedDropout"])
def test_other_shape(submission, rng, check, name):
    """Dropout for inputs of three dimensions"""
    layer = getattr(submission("nn.dropout"), name)(0.25)
    x = positive(rng, (5, 8, 13))
    y, _ = layer.forward(x.copy(), train=True)
    check.dropout("out", y, x=x, keep=0.25)


@weight(0.75)
@number("10.6")
@visibility("hidden")
@pytest.mark.parametrize("name", ["VanillaDropout", "InvertedDropout"])
def test_caches(submission, rng, check, name):
    """One object serves every layer of a net: two forwards, then the backward of each"""
    layer = getattr(submission("nn.dropout"), name)(0.35)
    inputs = [positive(rng, (12, 19)), positive(rng, (12, 19))]
    outputs = []
    for x in inputs:
        y, cache = layer.forward(x.copy(), train=True)
        outputs.append((kept(y), cache))
    for index, (x, (y, cache)) in enumerate(zip(inputs, outputs, strict=True), start=1):
        dout = positive(rng, x.shape)
        check.dropout_backward(f"dx of forward {index}", layer.backward(dout, cache), y=y, x=x, delta=dout, keep=0.35)


@weight(0.5)
@number("10.7")
@visibility("hidden")
@pytest.mark.parametrize("name", ["VanillaDropout", "InvertedDropout"])
def test_keep_everything(submission, rng, check, name):
    """With p = 1, everything is kept"""
    dropout = getattr(submission("nn.dropout"), name)
    layer = dropout(1.0)
    x, dout = rng.normal(size=(6, 9)), rng.normal(size=(6, 9))
    y, cache = layer.forward(x.copy(), train=True)
    check("out", kept(y))
    check("dx", layer.backward(dout, cache))
    # a mask, right or wrong: a layer that drops nothing earns nothing by leaving x alone
    y, _ = dropout(0.5).forward(x.copy(), train=True)
    check.dropout("out with p = 0.5", y, x=x, keep=None)


@weight(0)
@number("10.8")
@pytest.mark.parametrize("name", ["VanillaDropout", "InvertedDropout"])
def test_backward_in_evaluation(submission, rng, check, name):
    """Remark, no points: backward after a forward in evaluation, and an x that stays as it is"""
    layer = getattr(submission("nn.dropout"), name)(0.6)
    x = rng.normal(size=(5, 12))
    given = x.copy()
    _, cache = layer.forward(given, train=False)
    check("dx", layer.backward(rng.normal(size=(5, 12)), cache))
    layer.forward(given, train=True)
    check.unchanged("x after forward(x)", given, original=x)
