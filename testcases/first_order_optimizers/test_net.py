"""The net: on stand-ins for its layers, and in two tests on the submission's own."""

import numpy as np
import pytest
from making import as_float, blobs, copies, net_params
from stand_ins import on_stand_ins, stand_in_dropout

from grader.testing import builds_on, number, visibility, weight

# dims = [D, H1, ..., C] of nets with one to three layers, and N
NETS = pytest.mark.parametrize(
    ("dims", "n"), [((6, 3), 4), ((5, 8, 3), 7), ((4, 7, 6, 3), 5)], ids=["6-3", "5-8-3", "4-7-6-3"]
)


def on_net(submission, rng, dims, n, evaluations=0, trainings=0, dropout=False, **options):
    """Scores of some evaluations, and (loss, grads) of some trainings, of a net with parameters drawn from rng."""
    params = net_params(rng, dims)
    X, y = rng.normal(size=(n, dims[0])), rng.randint(dims[-1], size=n)

    def scenario(net_class):
        net = net_class(list(dims), dropout=stand_in_dropout(submission) if dropout else None, **options)
        net.params.update(copies(params))
        scores = [np.array(net.loss(X.copy())) for _ in range(evaluations)]
        return scores, [net.loss(X.copy(), y.copy()) for _ in range(trainings)]

    return on_stand_ins(submission, scenario, len(dims) - 1, evaluations, trainings)


def check_training(check, loss, grads, dims):
    """The loss and the gradient of every parameter."""
    check("loss", loss)
    for index in range(1, len(dims)):
        check(f"gradient of W{index}", grads[f"W{index}"])
        check(f"gradient of b{index}", grads[f"b{index}"])


def correlation(one, other):
    """How alike the draws of two arrays of one shape are, whatever their mean and deviation; 0 for constants."""
    one, other = one - one.mean(), other - other.mean()
    size = np.linalg.norm(one) * np.linalg.norm(other)
    return float((one * other).sum() / size) if size else 0.0


@weight(1)
@number("2.1")
def test_initialisation(submission, rng, check):
    """Weights start with the standard deviation that was asked for, biases at zero"""
    # the default, and three that are drawn: those of another seed are never all within the tolerance of these
    for count, scale in enumerate([1e-2, *(10 ** rng.uniform(-2, 1, size=3)).tolist()]):
        dims = rng.randint(70, 131, size=4).tolist()
        options, label = ({"weight_scale": scale}, f"at weight_scale no. {count}") if count else ({}, "by default")
        params = submission("nn.net").FullyConnectedNet(dims, **options).params
        weights = [np.asarray(params[f"W{index}"]) for index in (1, 2, 3)]
        check(f"shapes of W1, W2, W3 {label}", np.array([W.shape for W in weights]))
        check(f"b1, b2, b3 {label}", np.concatenate([np.asarray(params[f"b{index}"]) for index in (1, 2, 3)]))
        # of 4900 draws and more, in less than one of 1e9 gradings the deviation is off by 0.1, the mean by 0.12
        check(f"standard deviations of W1, W2, W3 {label}", np.array([W.std() for W in weights]), rtol=0.1, atol=0)
        means = np.array([W.mean() for W in weights]) / scale
        check(f"means of W1, W2, W3 over weight_scale, {label}", means, rtol=0, atol=0.12)
    other = submission("nn.net").FullyConnectedNet(dims, **options).params
    likeness = np.array([correlation(W, np.asarray(other[f"W{index}"])) for index, W in enumerate(weights, start=1)])
    # of 4900 draws and more, in less than one of 1e9 gradings a correlation is above 0.1
    check("correlation of W1, W2, W3 with those of another net of these sizes", likeness, rtol=0, atol=0.12)


@weight(1.5)
@number("2.2")
@NETS
def test_scores(submission, rng, check, dims, n):
    """loss(X) without labels returns the scores"""
    (scores,), _ = on_net(submission, rng, dims, n, evaluations=1)
    check("loss(X)", scores)


@weight(2.25)
@number("2.3")
@NETS
def test_loss_without_regulariser(submission, rng, check, dims, n):
    """loss(X, y) without regularisation returns the loss and the gradients"""
    _, ((loss, grads),) = on_net(submission, rng, dims, n, trainings=1)
    check_training(check, loss, grads, dims)


def numeric_gradients(net, X, y, h=1e-5):
    """Central differences of the net's own loss, for every parameter."""
    grads = {}
    for name in sorted(net.params):
        value = np.array(net.params[name])
        grads[name] = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            losses = []
            for sign in (1, -1):
                net.params[name] = value.copy()
                net.params[name][place] += sign * h
                losses.append(as_float(net.loss(X, y)[0]))
            grads[name][place] = (losses[0] - losses[1]) / (2 * h)
        net.params[name] = value
    return grads


REGS = pytest.mark.parametrize("reg", [0.0, 0.7])


def on_own_layers(submission, rng, reg):
    """The net of the summary's gradient check, its batch, and its gradients by name."""
    net = submission("nn.net").FullyConnectedNet([5, 12, 7], reg=reg)
    net.params.update(net_params(rng, (5, 12, 7)))
    X, y = rng.normal(size=(3, 5)), rng.randint(7, size=3)
    _, grads = net.loss(X.copy(), y.copy())
    return net, X, y, {name: np.array(grads[name]) for name in sorted(grads)}


@weight(0.75)
@number("2.4")
@builds_on("layers")
@REGS
def test_gradients_on_own_layers(submission, rng, check, reg):
    """The gradients of the summary's net, at reg = 0 and 0.7, on your own layers"""
    *_, grads = on_own_layers(submission, rng, reg)
    check("gradients of W1, W2, b1, b2, in a row", np.concatenate([grad.ravel() for grad in grads.values()]))


@weight(0)
@number("2.11")
@REGS
def test_published(submission, rng, check, reg):
    """Remark, no points: the gradient check of the summary; it needs float64"""
    net, X, y, grads = on_own_layers(submission, rng, reg)
    numeric = numeric_gradients(net, X, y)
    names = sorted(numeric)
    # 1e-4 instead of 1e-5: a numeric gradient is itself off by about 1e-6
    check("numeric gradients, in a row", np.concatenate([numeric[name].ravel() for name in names]), rtol=1e-4)
    # the summary prints relative errors from 1.65e-09 to 2.28e-06
    errors = [
        np.max(np.abs(grads[name] - numeric[name])) / np.max(np.abs(grads[name]) + np.abs(numeric[name]))
        for name in names
    ]
    check("relative errors of W1, W2, b1, b2 are at most 1e-5", np.array(errors) <= 1e-5)


@weight(1.25)
@number("2.5")
@pytest.mark.parametrize(("dims", "n"), [((7, 4), 3), ((3, 9, 5), 6)], ids=["7-4", "3-9-5"])
def test_l2(submission, rng, check, dims, n):
    """L2 is the default regulariser: reg times the sum of squared weights"""
    _, ((loss, grads),) = on_net(submission, rng, dims, n, trainings=1, reg=0.7)
    check_training(check, loss, grads, dims)


@weight(1.5)
@number("2.6")
@visibility("hidden")
@pytest.mark.parametrize(("dims", "n"), [((4, 6), 5), ((6, 3, 8, 4), 2)], ids=["4-6", "6-3-8-4"])
def test_l1(submission, rng, check, dims, n):
    """L1: reg times the sum of the weights' absolute values"""
    _, ((loss, grads),) = on_net(submission, rng, dims, n, trainings=1, reg=0.3, regularizer="l1")
    check_training(check, loss, grads, dims)


@weight(1)
@number("2.7")
@visibility("hidden")
def test_dropout_in_training(submission, rng, check):
    """Dropout after every ReLU and nowhere else, forward and backward"""
    dims = (5, 8, 7, 3)
    _, ((loss, grads),) = on_net(submission, rng, dims, 4, trainings=1, dropout=True)
    check_training(check, loss, grads, dims)


@weight(1)
@number("2.8")
@visibility("hidden")
def test_dropout_in_evaluation(submission, rng, check):
    """Without labels, dropout is in evaluation, before and after training"""
    scores, _ = on_net(submission, rng, (6, 9, 4), 5, evaluations=1, dropout=True)
    check("loss(X)", scores[0])
    scores, ((loss, _),) = on_net(submission, rng, (4, 6, 5, 3), 2, evaluations=1, trainings=1, dropout=True)
    check("loss(X) of a deeper net", scores[0])
    check("loss(X, y)[0]", loss)


@weight(0.5)
@number("2.9")
@visibility("hidden")
def test_changed_params(submission, rng, check):
    """loss uses the parameters that it finds, changed in place or replaced"""
    dims = (4, 5, 3)
    params, other = net_params(rng, dims), net_params(rng, dims)
    X, y = rng.normal(size=(6, 4)), rng.randint(3, size=6)

    def scenario(net_class):
        net = net_class(list(dims))
        for name, value in params.items():
            net.params[name][...] = value
        in_place = as_float(net.loss(X.copy(), y.copy())[0])
        for name, value in other.items():
            net.params[name] = value.copy()
        return in_place, as_float(net.loss(X.copy(), y.copy())[0])

    in_place, replaced = on_stand_ins(submission, scenario, 2, trainings=2)
    check("loss after a change in place", in_place)
    check("loss after a replacement", replaced)


@weight(1.25)
@number("2.10")
@builds_on("layers")
@visibility("hidden")
def test_training(submission, rng, check):
    """The net learns a small data set, on your own layers, with steps of one length down the gradient"""
    dims = (4, 12, 8, 3)
    net = submission("nn.net").FullyConnectedNet(list(dims))
    net.params.update(net_params(rng, dims))
    X, y = blobs(rng, 4, 3, 50)
    losses = []
    for _ in range(30):
        loss, grads = net.loss(X.copy(), y.copy())
        losses.append(as_float(loss))
        for name in sorted(grads):
            net.params[name] = net.params[name] - 0.1 * grads[name] / np.linalg.norm(grads[name])
    # 1e-4 instead of 1e-5: rounding in float32 grows over thirty steps
    check("losses", np.array(losses), rtol=1e-4)
