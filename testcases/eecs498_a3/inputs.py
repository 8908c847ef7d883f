"""What the tests feed to layers, optimisers and networks: new tensors in every call, so a test may give them away."""

import itertools
import math

import torch


def draw(rng, *shape, dtype=torch.float64):
    """Normal numbers of this shape, drawn from the test's own generator."""
    return torch.tensor(rng.normal(size=shape)).to(dtype)


def draw_coarse(rng, *shape, dtype=torch.float32):
    """Quarters from -2 to 2 without 0, which would say nothing about a mask; few values keep the fixtures small."""
    quarters = rng.randint(1, 9, size=shape) * rng.choice([-1, 1], size=shape)
    return torch.tensor(quarters / 4).to(dtype)


def line(start, stop, *shape):
    """The numbers from start to stop in equal steps, in this shape: how the course makes the inputs it publishes."""
    return torch.linspace(start, stop, math.prod(shape), dtype=torch.float64).reshape(shape)


def labels(rng, count, classes):
    """Class numbers for `count` examples."""
    return torch.tensor(rng.randint(classes, size=count))


def draw_params(rng, dims, dtype=torch.float64):
    """W1, b1, W2, ... of a network with layers dims[0] -> dims[1] -> ...: biases too, and scores of about one."""
    params = {}
    for layer, (rows, columns) in enumerate(itertools.pairwise(dims), 1):
        params[f"W{layer}"] = draw(rng, rows, columns, dtype=dtype) * (2 / rows) ** 0.5
        params[f"b{layer}"] = draw(rng, columns, dtype=dtype) / 2
    return params


def train(net, params, X, y):
    """Fill the network and return the loss and the gradients of loss(X, y), under the names that checks have."""
    fill(net, params)
    loss, grads = net.loss(X.clone(), y.clone())
    return {"loss": loss} | {f"gradient of {name}": grads[name] for name in params}


def added(regularised, plain):
    """What regularisation adds to the loss and the gradients: the same, whatever the layers compute."""
    return {f"what reg adds to the {name}": value - plain[name] for name, value in regularised.items()}


def fill(net, params):
    """Put copies of `params` into the network, one by one: a student may hold on to the dict."""
    for name, value in params.items():
        net.params[name] = value.clone()


def step(rule, w, gradients, config=None):
    """Yield (w, config) after each step of an optimiser; the config that a step returns is given to the next."""
    w = w.clone()
    for dw in gradients:
        w, config = rule(w.clone(), dw.clone(), config)
        yield w, config
