"""Dropout inside FullyConnectedNet, read from its gradients, so that any way of drawing the masks is right.

With a single example and positive activations the gradients tell what every layer saw: the gradient of W_l is the
input of layer l times the gradient of b_l. Divided by what the layer before it put out, that input is the mask. The
gradient of b_l, divided by what comes back through the weights above, is the mask again: the one of the backward pass.
"""

import itertools
import tempfile
from pathlib import Path

import pytest
import torch
from inputs import draw, draw_params, fill, labels
from stand_ins import mended

from grader.testing import number, visibility, weight


def build(submission, dims, dropout, seed=None):
    net = mended(submission, "FullyConnectedNet")
    return net(
        list(dims[1:-1]),
        input_dim=dims[0],
        num_classes=dims[-1],
        dropout=dropout,
        reg=0.0,
        weight_scale=1e-2,
        seed=seed,
        dtype=torch.float64,
        device="cpu",
    )


def positive_params(rng, dims):
    """Parameters with which no hidden unit is ever cut off by its ReLU, dropped inputs or not."""
    params = {}
    for layer, (rows, columns) in enumerate(itertools.pairwise(dims), 1):
        last = layer == len(dims) - 1
        params[f"W{layer}"] = draw(rng, rows, columns) / rows if last else draw(rng, rows, columns).abs() / rows
        params[f"b{layer}"] = draw(rng, columns) if last else draw(rng, columns).abs() + 0.1
    return params


def masks(params, grads):
    """What layer 1 saw, and for every hidden layer the masks of the forward and of the backward pass."""
    last = len(params) // 2
    db = {layer: grads[f"b{layer}"] for layer in range(1, last + 1)}
    seen = {layer: grads[f"W{layer}"] @ db[layer] / (db[layer] @ db[layer]) for layer in range(1, last + 1)}
    forward, backward = [], []
    for layer in range(1, last):
        hidden = seen[layer] @ params[f"W{layer}"] + params[f"b{layer}"]
        forward.append(seen[layer + 1] / hidden)
        backward.append(db[layer] / (params[f"W{layer + 1}"] @ db[layer + 1]))
    return seen[1], forward, backward


def run(submission, rng, dims, p):
    """One training pass on one example: its input, what layer 1 saw, and the masks."""
    net = build(submission, dims, p)
    params = positive_params(rng, dims)
    fill(net, params)
    X = draw(rng, 1, dims[0]).abs() + 0.1
    _, grads = net.loss(X.clone(), labels(rng, 1, dims[-1]))
    return masks(params, grads)


@weight(1.5)
@number("10.1")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_scores(submission, rng, check, p):
    """Without y the net is in test mode and drops nothing, before and after a training pass"""
    dims = (6, 9, 11, 4)
    net = build(submission, dims, p)
    fill(net, draw_params(rng, dims))
    X, y = draw(rng, 5, 6), labels(rng, 5, 4)
    check("loss(X)", net.loss(X.clone()))
    net.loss(X.clone(), y.clone())
    check("loss(X) after loss(X, y)", net.loss(X.clone()))


@weight(2.5)
@number("10.2")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_one_hidden_layer(submission, rng, check, p):
    """Dropout after the ReLU of a net with one hidden layer"""
    _, forward, backward = run(submission, rng, (5, 1500, 3), p)
    ones = torch.ones(1500, dtype=torch.float64)
    check.dropout("mask of the hidden layer", forward[0], x=ones, keep=1 - p)
    check.dropout_backward(
        "mask of its gradient", backward[0], y=forward[0], x=ones, delta=ones, keep=1 - p, points=0.5
    )


@weight(1)
@number("10.3")
def test_last_layer(submission, rng, check):
    """No dropout on the net's input and after its last layer"""
    dims = (40, 30, 50)
    net = build(submission, dims, 0.4)
    params = positive_params(rng, dims)
    # weights of nearly zero: the scores are b2, whatever is dropped before them
    params["W2"] = 1e-9 * params["W2"]
    fill(net, params)
    X = draw(rng, 1, 40).abs() + 0.1
    loss, grads = net.loss(X.clone(), labels(rng, 1, 50))
    check("loss", loss)
    check("gradient of b2", grads["b2"])
    check("what layer 1 sees", masks(params, grads)[0])


@weight(1.5)
@number("10.4")
def test_every_hidden_layer(submission, rng, check):
    """Dropout after every ReLU of a net with four layers, and a mask of its own for each"""
    sizes = (450, 450, 520)
    _, forward, backward = run(submission, rng, (7, *sizes, 6), 0.3)
    for index, size in enumerate(sizes):
        ones = torch.ones(size, dtype=torch.float64)
        # two layers of one size: the mask of one must not serve the other
        again = forward[1] if index == 0 else None
        check.dropout(f"mask of hidden layer {index + 1}", forward[index], x=ones, keep=0.7, again=again)
        check.dropout_backward(
            f"mask of gradient {index + 1}", backward[index], y=forward[index], x=ones, delta=ones, keep=0.7
        )


@weight(1)
@number("10.5")
@visibility("hidden")
def test_seed(submission, rng, check):
    """A seed repeats the masks of the whole net; without one each pass draws anew"""
    dims = (6, 700, 4)
    params = positive_params(rng, dims)
    X, y = draw(rng, 1, 6).abs() + 0.1, labels(rng, 1, 4)
    ones = torch.ones(700, dtype=torch.float64)
    seen = {}
    for name, seed in (("seeded", 11), ("free", None)):
        net = build(submission, dims, 0.3, seed=seed)
        fill(net, params)
        seen[name] = [masks(params, net.loss(X.clone(), y.clone())[1])[1][0] for _ in range(2)]
    check.dropout("mask with a seed", seen["seeded"][0], x=ones, keep=0.7, repeat=seen["seeded"][1])
    check.dropout("mask without a seed", seen["free"][0], x=ones, keep=0.7, again=seen["free"][1])


@weight(0.5)
@number("10.6")
@visibility("hidden")
def test_save_and_load(submission, rng, check):
    """A loaded net drops as the saved one did"""
    dims = (5, 600, 3)
    net, other = build(submission, dims, 0.35), build(submission, dims, 0.0)
    params = positive_params(rng, dims)
    fill(net, params)
    X = draw(rng, 1, 5).abs() + 0.1
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "net.pt")
        net.save(path)
        other.load(path, torch.float64, "cpu")
    check("scores after loading", other.loss(X.clone()))
    _, forward, _ = masks(params, other.loss(X.clone(), labels(rng, 1, 3))[1])
    check.dropout("mask after loading", forward[0], x=torch.ones(600, dtype=torch.float64), keep=0.65)
