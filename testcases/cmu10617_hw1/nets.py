"""What the tests of both nets do: a scenario, on stand-ins for the layers where the net takes them."""

import sys
from contextlib import suppress
from itertools import pairwise

import numpy as np
from making import copies, draw_params, draw_positive_params, give_helpers, kept, moved, one_hot
from stand_ins import on_stand_ins


def build(net_class, dims, hidden=None, **options):
    """SingleLayerMLP or TwoLayerMLP with the sizes dims, first layer first; the number of sizes tells which.

    A list `hidden` is handed to TwoLayerMLP, in the place of one of its own.
    """
    if len(dims) == 3:
        return net_class(dims[0], dims[-1], hiddenlayer=dims[1], **options)
    return net_class(dims[0], dims[-1], hiddenlayers=list(dims[1:-1]) if hidden is None else hidden, **options)


def layer_count(dims):
    return len(dims) - 1


def check_forward(check, rng, net_class, dims, batch):
    """The logits, in evaluation and in training without dropout; with dropout on stand-ins alone: they draw nothing."""
    Ws, bs = draw_params(rng, dims)
    x = rng.normal(size=(dims[0], batch))

    def scenario(make, relus):
        net = build(make, dims)
        net.loadparams(copies(Ws), copies(bs))
        without = kept(net.forward(x.copy(), train=False)), kept(net.forward(x.copy()))
        if relus is None:
            return *without, "its own way", "its own way"
        net = build(make, dims, dropout_probability=0.4)
        net.loadparams(copies(Ws), copies(bs))
        return *without, kept(net.forward(x.copy(), train=False)), kept(net.forward(x.copy()))

    logits = on_stand_ins(net_class, layer_count(dims), scenario)
    names = ("forward(x, train=False)", "forward(x)")
    for name, value in zip([*names, *(f"{name} with dropout" for name in names)], logits, strict=True):
        check(name, value)


def check_params(check, rng, net_class, dims):
    """The shapes of a new net, getWs and getbs after loadparams, and the logits.

    A net that is built with other sizes is seen in its shapes, though loadparams may hide it from every other test. A
    net that only keeps its parameters is seen in the logits. The list of sizes is the default of every later net.
    """
    if len(dims) == 4:
        hidden = list(dims[1:-1])
        with suppress(Exception):  # what fails here fails below too, where the layers' own faults cost nothing
            build(net_class, dims, hidden)
        check("list of hiddenlayers after a net was built with it", " ".join(map(str, hidden)))
    Ws, bs = draw_positive_params(rng, dims)
    x = rng.uniform(1.0, 2.0, size=(dims[0], 2))

    def scenario(make, relus):
        net = build(make, dims)
        shapes = [np.shape(parameter) for parameter in (*net.getWs(), *net.getbs())]
        net.loadparams(copies(Ws), copies(bs))
        logits = kept(net.forward(x.copy(), train=False))
        return shapes, logits, copies(net.getWs()), copies(net.getbs())

    shapes, logits, weights, biases = on_stand_ins(net_class, layer_count(dims), scenario, reads=True)
    check("shapes of a new net's weights and biases", " ".join(map(str, shapes)))
    check("forward(x, train=False)", logits)
    check("number of weights and biases", np.array([len(weights), len(biases)]))
    for index, (W, b) in enumerate(zip(weights, biases, strict=False)):
        check(f"getWs()[{index}]", W)
        check(f"getbs()[{index}]", b)


def check_steps(check, rng, net_class, dims, batch, steps=1, passes=1, **options):
    """How far a few training steps move every parameter.

    Args:
        check: the test's.
        rng: draws a new batch and a new gradient for each pass.
        net_class: the submission's net.
        dims: its sizes.
        batch: examples in a batch.
        steps: how many steps.
        passes: forward and backward passes before each step, whose gradients add up.
        options: for the net's constructor.
    """
    Ws, bs = draw_params(rng, dims)
    rounds = [
        [(rng.normal(size=(dims[0], batch)), rng.normal(size=(dims[-1], batch))) for _ in range(passes)]
        for _ in range(steps)
    ]

    def scenario(make, relus):
        net = build(make, dims, **options)
        net.loadparams(copies(Ws), copies(bs))
        start = copies(net.getWs()), copies(net.getbs())
        for pairs in rounds:
            net.zerograd()
            for x, g in pairs:
                net.forward(x.copy())
                net.backward(g.copy())
            net.step()
        return start, (copies(net.getWs()), copies(net.getbs()))

    starts, ends = on_stand_ins(net_class, layer_count(dims), scenario, reads=True)
    for name, before, after in zip(("getWs", "getbs"), starts, ends, strict=True):
        for index, (first, last) in enumerate(zip(before, after, strict=False)):
            check(f"move of {name}()[{index}]", moved(last, first))


def check_returned_gradient(check, rng, net_class, dims, batch):
    """What backward returns."""
    Ws, bs = draw_params(rng, dims)
    x, g = rng.normal(size=(dims[0], batch)), rng.normal(size=(dims[-1], batch))

    def scenario(make, relus):
        net = build(make, dims)
        net.loadparams(copies(Ws), copies(bs))
        net.zerograd()
        net.forward(x.copy())
        return kept(net.backward(g.copy()))

    check("backward(g)", on_stand_ins(net_class, layer_count(dims), scenario))


def check_drop_rates(check, rng, net_class, dims, batch):
    """Which share of its units each hidden layer drops; dims must not grow but in the last layer.

    Six probabilities are drawn: those of another seed are never all within the tolerance of these.

    A stand-in says what it was told to drop. On the submission's own layers, the zeros are counted, with parameters
    that let them be seen in the logits; how kept units are scaled makes no difference. Building ReLUs earns nothing
    alone: the logits of a net without dropout are compared too. No draw, no scale and no negative number is in them.
    """
    Ws, bs = draw_positive_params(rng, dims)
    x = rng.uniform(1.0, 2.0, size=(dims[0], batch))
    first = rng.uniform(1.0, 2.0, size=(dims[1], dims[0])), np.zeros((dims[1], 1))
    probabilities = rng.uniform(0.1, 0.9, size=6).tolist()

    def through(net, train, opened):
        """The share of zeros in the last hidden layer; its units are all on, where `opened`, or those before it."""
        Ws, bs = [first[0]], [first[1]]
        for before, after in pairwise(dims[1:]):
            last = after == dims[-1]
            Ws.append(np.eye(after, before) * (1.0 if last or not opened else 0.0))
            bs.append(np.full((after, 1), 0.0 if last or not opened else 1.0))
        net.loadparams(Ws, bs)
        logits = net.forward(x.copy(), train=train)
        return float(np.mean(logits[: dims[-2]] == 0))

    def rates(make, relus, p, train):
        net = build(make, dims, dropout_probability=p)
        counted = [through(net, train, opened=False)]
        if relus is not None:
            return [relu.dropped for relu in relus[-(layer_count(dims) - 1) :]]
        if len(dims) == 4:
            last = through(net, train, opened=True)
            return [1 - (1 - counted[0]) / max(1 - last, 1e-9), last]
        return counted

    def scenario(make, relus):
        shares = [np.array([rates(make, relus, p, train) for p in probabilities]) for train in (True, False)]
        plain = build(make, dims)
        plain.loadparams(copies(Ws), copies(bs))
        return *shares, kept(plain.forward(x[:, :2].copy(), train=False))

    in_training, in_evaluation, logits = on_stand_ins(net_class, layer_count(dims), scenario)
    # counted in 8000 elements and more, a share is off by 0.08 in less than one of 1e9 gradings
    check("share of units dropped in training", in_training, rtol=0, atol=0.08)
    check("share of units dropped in evaluation", in_evaluation)
    check("forward(x, train=False) without dropout", logits)


def blobs(rng, features, classes, count):
    """A made data set: points around a centre for each class, in columns, and their one-hot labels."""
    labels = one_hot(rng, classes, count)
    centres = 1.5 * rng.normal(size=(features, classes))
    return centres @ labels + rng.normal(size=(features, count)), labels


def check_training(check, rng, net_class, dims, **options):
    """The recitation's loop on the submission's own layers: the squared error of each epoch.

    A loss of the test's own, and no momentum, so that the parts `loss` and `momentum` cost nothing here.
    """
    give_helpers(sys.modules[net_class.__module__])
    net = build(net_class, dims, **options)
    net.loadparams(*draw_params(rng, dims))
    x, labels = blobs(rng, dims[0], dims[-1], 60)
    losses = []
    for _ in range(8):
        order = rng.permutation(60)
        total = 0.0
        for start in range(0, 60, 12):
            batch = order[start : start + 12]
            net.zerograd()
            distance = net.forward(x[:, batch], train=True) - labels[:, batch]
            total += float((distance**2).sum()) / 2
            net.backward(distance / len(batch))
            net.step()
        losses.append(total / 60)
    # 1e-4 instead of 1e-5: rounding in float32 grows over forty steps
    check("loss of each epoch", np.array(losses), rtol=1e-4)
