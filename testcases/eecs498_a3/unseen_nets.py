"""What the hidden tests of both networks do; a module of its own, so that the handout has none of it."""

import torch
from inputs import draw, draw_params, labels, train
from stand_ins import Decoys, on_layers


def check_pictures(check, rng, submission, net, dims, shape):
    """Scores, loss and gradients for X of more than two dimensions: `shape`, whose first is the number of examples."""
    params, X, y = draw_params(rng, dims), draw(rng, *shape), labels(rng, shape[0], dims[-1])

    def scenario(net_class, _):
        built = net.build(net_class, dims)
        values = train(built, params, X, y)
        return {"loss(X)": built.loss(X.clone()), **values}

    found = on_layers(submission, Decoys(rng), net.name, scenario, dims, evaluations=1, trainings=1)
    for name, value in found.items():
        check(name, value)


def check_float32(check, rng, submission, net, dims, count):
    """The dtype of the last weight, the loss of `count` examples and its gradients, all in float32."""
    dtype, last = torch.float32, f"W{len(dims) - 1}"
    params, X, y = (
        draw_params(rng, dims, dtype=dtype),
        draw(rng, count, dims[0], dtype=dtype),
        labels(rng, count, dims[-1]),
    )

    def scenario(net_class, _):
        built = net.build(net_class, dims, dtype=dtype)
        return {"dtype": str(built.params[last].dtype), **train(built, params, X, y)}

    for name, value in on_layers(submission, Decoys(rng), net.name, scenario, dims, trainings=1).items():
        check(name, value)
