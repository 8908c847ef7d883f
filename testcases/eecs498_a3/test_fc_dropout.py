"""Dropout inside FullyConnectedNet, on decoys of its layers, so that any way of drawing the masks is right.

With one example and units that are never cut off, a mask is what a linear layer got, divided by what came from the one
before. The decoys write down both. Where a network is written without Linear, its gradients tell the same: the gradient
of W_l is the input of layer l times the gradient of b_l. The gradient of b_l, divided by what comes back through the
weights above, is the mask again: the one of the backward pass.
"""

import itertools
import tempfile
from pathlib import Path

import nets
import pytest
import torch
from inputs import draw, draw_coarse, draw_params, fill, labels
from stand_ins import MASKED, Decoys, on_layers

from grader.testing import number, visibility, weight

NET = nets.FULLY_CONNECTED.name


def positive_params(rng, dims):
    """Parameters with which no hidden unit is ever cut off by its ReLU, dropped inputs or not."""
    params = {}
    for layer, (rows, columns) in enumerate(itertools.pairwise(dims), 1):
        last = layer == len(dims) - 1
        params[f"W{layer}"] = draw(rng, rows, columns) / rows if last else draw(rng, rows, columns).abs() / rows
        params[f"b{layer}"] = draw(rng, columns) if last else draw(rng, columns).abs() + 1
    return params


def masks(params, grads, decoys, p):
    """What layer 1 saw, and for every hidden layer the masks of the forward and of the backward pass."""
    if decoys is not None and decoys.calls["linear"]:
        seen, *found = decoys.masks(len(params) // 2 - 1)
    else:
        seen, *found = _masks_of_gradients(params, grads)
    return seen, *(found if decoys is None else decoys.as_taught(p, *found))


def _masks_of_gradients(params, grads):
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
    """One training pass on one example: the masks of both passes."""
    params, X, y = positive_params(rng, dims), draw(rng, 1, dims[0]).abs() + 0.1, labels(rng, 1, dims[-1])

    def scenario(net_class, decoys):
        net = nets.build_fully_connected(net_class, dims, p)
        fill(net, params)
        return masks(params, net.loss(X.clone(), y.clone())[1], decoys, p)[1:]

    return on_layers(submission, Decoys(rng), NET, scenario, dims, trainings=1, styles=MASKED, dropout=True)


def drawn(rng, *found):
    """Coarse numbers x, and the products of each mask with them."""
    x = draw_coarse(rng, found[0].numel(), dtype=torch.float64)
    return x, *(mask * x for mask in found)


@weight(1.5)
@number("10.1")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_scores(submission, rng, check, p):
    """Without y the net is in test mode and drops nothing, before and after two training passes, which do drop"""
    dims = (6, 9, 11, 4)
    params, X, y = draw_params(rng, dims), draw(rng, 5, 6), labels(rng, 5, 4)

    def scenario(net_class, _):
        net = nets.build_fully_connected(net_class, dims, p)
        fill(net, params)
        before = net.loss(X.clone())
        losses = [float(net.loss(X.clone(), y.clone())[0]) for _ in range(2)]
        return before, net.loss(X.clone()), losses[0] != losses[1]

    found = on_layers(submission, Decoys(rng), NET, scenario, dims, evaluations=2, trainings=2, dropout=True)
    before, after, drops = found
    check("loss(X)", before)
    check("loss(X) after loss(X, y)", after)
    check("two training passes drop other units", drops)


@weight(2.5)
@number("10.2")
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_one_hidden_layer(submission, rng, check, p):
    """Dropout after the ReLU of a net with one hidden layer"""
    forward, backward = run(submission, rng, (5, 1500, 3), p)
    x, y = drawn(rng, forward[0])
    delta, dx = drawn(rng, backward[0])
    check.dropout("mask of the hidden layer times x", y, x=x, keep=1 - p)
    check.dropout_backward("mask of its gradient times delta", dx, y=y, x=x, delta=delta, keep=1 - p, points=0.5)


@weight(1)
@number("10.3")
def test_last_layer(submission, rng, check):
    """No dropout on the net's input and after its last layer, but between them"""
    dims = (40, 30, 50)
    params, X, y = positive_params(rng, dims), draw(rng, 1, 40).abs() + 0.1, labels(rng, 1, 50)
    # weights of nearly zero, and decoys that look at their bias alone: the scores are the same, whatever is dropped
    params["W2"] = 1e-9 * params["W2"]

    def scenario(net_class, decoys):
        net = nets.build_fully_connected(net_class, dims, 0.4)
        fill(net, params)
        (loss, first), (_, grads) = (net.loss(X.clone(), y.clone()) for _ in range(2))
        seen, _, _ = masks(params, grads, decoys, 0.4)
        drops = any(bool((first[name] != grads[name]).any()) for name in params)
        return {
            "loss": loss,
            "gradient of b2": grads["b2"],
            "what layer 1 sees": seen,
            "two training passes drop other units": drops,
        }

    decoys = Decoys(rng, blind=True)
    found = on_layers(submission, decoys, NET, scenario, dims, trainings=2, dropout=True)
    for name, value in found.items():
        check(name, value)


@weight(1.5)
@number("10.4")
def test_every_hidden_layer(submission, rng, check):
    """Dropout after every ReLU of a net with four layers, and a mask of its own for each"""
    forward, backward = run(submission, rng, (7, 450, 450, 520, 6), 0.3)
    for index, mask in enumerate(forward):
        # two layers of one size: the mask of one must not serve the other
        x, y, *again = drawn(rng, mask, *(forward[1:2] if index == 0 else []))
        delta, dx = drawn(rng, backward[index])
        check.dropout(f"mask of hidden layer {index + 1} times x", y, x=x, keep=0.7, again=again[0] if again else None)
        check.dropout_backward(f"mask of gradient {index + 1} times delta", dx, y=y, x=x, delta=delta, keep=0.7)


@weight(1)
@number("10.5")
@visibility("hidden")
def test_seed(submission, rng, check):
    """A seed repeats the masks of the whole net; without one each pass draws anew"""
    dims = (6, 700, 4)
    params, X, y = positive_params(rng, dims), draw(rng, 1, 6).abs() + 0.1, labels(rng, 1, 4)

    def scenario(net_class, decoys):
        found = []
        for seed in (11, None):
            net = nets.build_fully_connected(net_class, dims, 0.3, seed=seed)
            fill(net, params)
            found += [masks(params, net.loss(X.clone(), y.clone())[1], decoys, 0.3)[1][0] for _ in range(2)]
        return found

    found = on_layers(submission, Decoys(rng), NET, scenario, dims, trainings=4, styles=MASKED, dropout=True)
    x, seeded, repeat, free, again = drawn(rng, *found)
    check.dropout("mask with a seed times x", seeded, x=x, keep=0.7, repeat=repeat)
    check.dropout("mask without a seed times x", free, x=x, keep=0.7, again=again)


@weight(0.5)
@number("10.6")
@visibility("hidden")
def test_save_and_load(submission, rng, check):
    """A loaded net drops as the saved one did"""
    dims = (5, 600, 3)
    params, X, y = positive_params(rng, dims), draw(rng, 1, 5).abs() + 0.1, labels(rng, 1, 3)

    def scenario(net_class, decoys):
        net, other = nets.build_fully_connected(net_class, dims, 0.35), nets.build_fully_connected(net_class, dims, 0.0)
        fill(net, params)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "net.pt")
            net.save(path)
            other.load(path, torch.float64, "cpu")
        scores = other.loss(X.clone())
        _, forward, _ = masks(params, other.loss(X.clone(), y.clone())[1], decoys, 0.35)
        return scores, forward[0]

    scores, mask = on_layers(
        submission, Decoys(rng), NET, scenario, dims, evaluations=1, trainings=1, styles=MASKED, dropout=True
    )
    check("scores after loading", scores)
    x, y = drawn(rng, mask)
    check.dropout("mask after loading times x", y, x=x, keep=0.65)
