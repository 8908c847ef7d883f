"""Nets of the submission's own, in any size, for the tests of several parts."""

from contextlib import suppress

import numpy as np


def initialisers(rng):
    """A weight_init_fn and a bias_init_fn with a stream each: whether W or b of a layer is drawn first is free."""
    weights, biases = (np.random.RandomState(rng.randint(2**31 - 1)) for _ in range(2))
    return (
        lambda rows, columns: weights.normal(scale=rows**-0.5, size=(rows, columns)),
        lambda columns: biases.normal(size=(1, columns)),
    )


class Unmade:
    """In the place of an activation or a loss that can't be made: the error comes when it is used, and not before."""

    def __init__(self, error):
        self._error = error

    def __call__(self, *arguments):
        raise self._error

    def __getattr__(self, name):
        raise self._error


def made(make):
    try:
        return make()
    except Exception as error:
        return Unmade(error)


def make_net(submission, rng, sizes, activations, *, lr=0.008, momentum=0.0, bn=0, criterion=None):
    """An MLP sizes[0] -> sizes[1] -> ... with activations named by their classes."""
    return submission.hw1.MLP(
        sizes[0],
        sizes[-1],
        list(sizes[1:-1]),
        [made(lambda name=name: getattr(submission.activation, name)()) for name in activations],
        *initialisers(rng),
        made(lambda: submission.loss.SoftmaxCrossEntropy()) if criterion is None else criterion,
        lr,
        momentum=momentum,
        num_bn_layers=bn,
    )


def draw_batch(rng, batch, inputs, classes):
    """Inputs and one-hot labels."""
    return rng.normal(size=(batch, inputs)), np.eye(classes)[rng.randint(classes, size=batch)]


class LentCriterion:
    """In the place of a loss that can't be made."""

    def __call__(self, x, y):
        return self.forward(x, y)


def given_gradient(submission, delta):
    """A criterion of the submission's own whose derivative is `delta`: a wrong one doesn't cost a net its points.

    A net may also compute softmax - labels from what its criterion keeps, so it isn't replaced where it can be made.
    """
    criterion = made(lambda: submission.loss.SoftmaxCrossEntropy())
    if isinstance(criterion, Unmade):
        criterion = LentCriterion()
    own_forward = getattr(criterion, "forward", None)

    def forward(x, y):
        with suppress(Exception):
            return own_forward(x, y)
        return np.zeros(len(x))

    criterion.forward = forward
    give_gradient(criterion, delta)
    return criterion


def give_gradient(criterion, delta):
    """Another derivative for a criterion of given_gradient, for its next batch."""
    criterion.derivative = lambda: delta.copy()


def set_gradient(layer, **gradients):
    """Overwrite gradients, as backward does. Where dW is a read-only property, the one of the last backward stays."""
    for name, value in gradients.items():
        with suppress(AttributeError):
            setattr(layer, name, value.copy())


def row(value):
    """A (1, N) array also for who keeps (N,): which of the two it must be is asked in the tests of the layer alone."""
    return value[None] if isinstance(value, np.ndarray) and value.ndim == 1 else value


def start_of(net):
    """W and b of each layer as they are now, for `check_moves`."""
    return [(np.array(layer.W), np.array(row(layer.b))) for layer in net.linear_layers]


def check_moves(check, net, start, label):
    """How far W and b are from a start: what they were made with is asked in the tests of the layer alone."""
    for index, (layer, (W, b)) in enumerate(zip(net.linear_layers, start, strict=True)):
        check(f"move of linear_layers[{index}].W {label}", layer.W - W)
        check(f"move of linear_layers[{index}].b {label}", row(layer.b) - b)


def zero_gradients(net):
    """zero_grads, as before each batch. It has tests of its own, so a slip in it costs nothing here.

    Where it raises, the gradients stay as they are; where it changes parameters, they are put back.
    """
    layers = [*net.linear_layers, *(getattr(net, "bn_layers", None) or [])]
    names = [(layer, name) for layer in layers for name in ("W", "b", "gamma", "beta") if hasattr(layer, name)]
    kept = [np.array(getattr(layer, name)) for layer, name in names]
    with suppress(Exception):
        net.zero_grads()
    for (layer, name), value in zip(names, kept, strict=True):
        if not np.array_equal(getattr(layer, name), value):
            setattr(layer, name, value)


def run_backward(net, x, labels):
    """One pass forward and backward, with gradients zeroed first, as in training."""
    zero_gradients(net)
    net.forward(x.copy())
    net.backward(labels.copy())


def run_if_it_can(net, rng, inputs, classes):
    """A batch forward and backward, for a test whose own gradients come next: what fails in here isn't its business."""
    x, labels = draw_batch(rng, 9, inputs, classes)
    with suppress(Exception):
        run_backward(net, x, labels)


def check_gradients(check, net, indices=None):
    for index, layer in enumerate(net.linear_layers):
        if indices is not None and index not in indices:
            continue
        check(f"linear_layers[{index}].dW", layer.dW)
        check(f"linear_layers[{index}].db", row(layer.db))
