"""BatchNorm: alone for 12 of its points, and for 3 whether the MLP calls it where and as it should."""

import numpy as np
import pytest
from own_nets import draw_batch, make_net, run_backward, set_gradient
from stand_ins import handed_back, handed_on

from grader.testing import number, visibility, weight

SIZES = [(5, 3), (12, 8)]
"""Batch, features."""
NAMES = ["5 samples", "12 samples"]


def make_layer(submission, rng, features, **settings):
    """A BatchNorm whose gamma and beta are not the neutral 1 and 0."""
    layer = submission.batchnorm.BatchNorm(features, **settings)
    layer.gamma = rng.uniform(0.5, 2.0, size=(1, features))
    layer.beta = rng.normal(size=(1, features))
    return layer


def draw(rng, batch, features):
    """Features of different mean and spread."""
    scale = np.linspace(0.5, 3.0, features)
    return scale * rng.normal(size=(batch, features)) + rng.uniform(-3, 3, size=features)


def row(statistic):
    """A running statistic in one shape: whether it is kept as (features,) or (1, features) is up to the student."""
    flat = isinstance(statistic, np.ndarray) and statistic.ndim == 1
    return statistic.reshape(1, -1) if flat else statistic


@weight(2)
@number("4.1")
@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_train_forward(submission, rng, check, size):
    """Training: BatchNorm.forward normalises with the statistics of the batch"""
    batch, features = size
    layer = make_layer(submission, rng, features)
    check("forward(x)", layer.forward(draw(rng, batch, features)))


@weight(2)
@number("4.2")
@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_train_backward(submission, rng, check, size):
    """Training: BatchNorm.backward, with dgamma and dbeta as sums over the batch"""
    batch, features = size
    layer = make_layer(submission, rng, features)
    layer.forward(draw(rng, batch, features))
    dx = layer.backward(rng.normal(size=(batch, features)))
    check("backward(delta)", dx, points=0.5)
    check("dgamma", layer.dgamma, points=0.25)
    check("dbeta", layer.dbeta, points=0.25)


@weight(1)
@number("4.3")
def test_running_statistics(submission, rng, check):
    """Training: the running statistics over four batches"""
    layer = make_layer(submission, rng, 4)
    for count in range(1, 5):
        layer.forward(draw(rng, 6, 4))
        check(f"running_mean after {count}", row(layer.running_mean))
        check(f"running_var after {count}", row(layer.running_var))


@weight(0.5)
@number("4.4")
@visibility("hidden")
def test_train_forward_of_another_batch(submission, rng, check):
    """Training: BatchNorm.forward of a second batch doesn't depend on the first"""
    layer = make_layer(submission, rng, 7)
    layer(draw(rng, 10, 7))
    check("layer(x)", layer(draw(rng, 4, 7)))


@weight(1)
@number("4.5")
@visibility("hidden")
def test_train_backward_of_another_batch(submission, rng, check):
    """Training: BatchNorm.backward belongs to the last forward pass of this layer, whatever other layer was called"""
    layer, other = make_layer(submission, rng, 6), make_layer(submission, rng, 6)
    layer.forward(draw(rng, 4, 6))
    layer.forward(draw(rng, 9, 6))
    other.forward(draw(rng, 9, 6))
    dx = layer.backward(rng.normal(size=(9, 6)))
    check("backward(delta)", dx, points=0.5)
    check("dgamma", layer.dgamma, points=0.25)
    check("dbeta", layer.dbeta, points=0.25)


@weight(0.75)
@number("4.6")
@visibility("hidden")
def test_other_alpha(submission, rng, check):
    """Training: the running statistics with alpha = 0.6"""
    layer = make_layer(submission, rng, 5, alpha=0.6)
    for batch in (8, 3, 11):
        layer.forward(draw(rng, batch, 5))
    check("running_mean", row(layer.running_mean))
    check("running_var", row(layer.running_var))


@weight(1)
@number("4.7")
@pytest.mark.parametrize("net", [([6, 5, 4, 3], 1), ([4, 7, 5, 6, 3], 2)], ids=["one layer", "two layers"])
def test_place_in_net(submission, rng, check, net):
    """Training: the MLP calls BatchNorm between Linear and activation, in its first layers"""
    sizes, bn = net
    for name, value in handed_on(submission, rng, sizes, 8, bn=bn).items():
        check(name, value)


@weight(1)
@number("4.8")
@visibility("hidden")
@pytest.mark.parametrize("net", [([6, 5, 4, 10], 1), ([4, 7, 5, 6, 10], 2)], ids=["one layer", "two layers"])
def test_place_in_backward(submission, rng, check, net):
    """Training: MLP.backward goes through BatchNorm"""
    sizes, bn = net
    for name, value in handed_back(submission, rng, sizes, 8, bn=bn).items():
        check(name, value)


@weight(2.5)
@number("4.9")
@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_inference(submission, rng, check, size):
    """Inference: BatchNorm.forward uses the running statistics and the input that it is given"""
    batch, features = size
    layer = make_layer(submission, rng, features)
    layer.forward(draw(rng, 7, features))
    layer.running_mean = rng.normal(size=(1, features))
    layer.running_var = rng.uniform(0.5, 2.0, size=(1, features))
    check("forward(x, eval=True)", layer.forward(draw(rng, batch, features), eval=True))


@weight(1.5)
@number("4.10")
@visibility("hidden")
def test_inference_between_training(submission, rng, check):
    """Inference: one sample after training, and nothing of it is left in the running statistics"""
    layer = make_layer(submission, rng, 6)
    layer.running_mean = rng.normal(size=(1, 6))
    layer.running_var = rng.uniform(0.5, 2.0, size=(1, 6))
    check("layer(x, eval=True), one sample", layer(draw(rng, 1, 6), eval=True))
    check("layer(x, eval=True), 9 samples", layer(draw(rng, 9, 6), eval=True))
    check("running_mean", row(layer.running_mean))
    check("running_var", row(layer.running_var))


@weight(1)
@number("4.11")
@visibility("hidden")
def test_modes_of_net(submission, rng, check):
    """Inference: MLP.eval() and MLP.train() switch BatchNorm over and back"""
    for name, value in handed_on(submission, rng, [5, 6, 4, 3], 7, bn=1, modes=["train", "eval", "train"]).items():
        check(name, value)


@weight(0.5)
@number("4.12")
@visibility("hidden")
def test_tiny_spread(submission, rng, check):
    """Training: features that hardly vary, so that eps = 1e-8 matters"""
    layer = make_layer(submission, rng, 5)
    layer.running_var = 1e-8 * rng.uniform(0.5, 2.0, size=(1, 5))
    check("forward(x)", layer.forward(1e-4 * rng.normal(size=(8, 5))))
    check("running_var", row(layer.running_var), points=0.1)
    check("backward(delta)", layer.backward(rng.normal(size=(8, 5))))
    layer.running_mean = 1e-4 * rng.normal(size=(1, 5))
    layer.running_var = 1e-8 * rng.uniform(0.5, 2.0, size=(1, 5))
    check("forward(x, eval=True)", layer.forward(1e-4 * rng.normal(size=(3, 5)), eval=True))


@weight(0.25)
@number("4.13")
@visibility("hidden")
def test_zero_grads(submission, rng, check):
    """Training: MLP.zero_grads sets dgamma and dbeta of all BatchNorm layers to zeros, not gamma and beta"""
    net = make_net(submission, rng, [4, 6, 5, 10], ["Identity"] * 3, bn=2)
    for layer, size in zip(net.bn_layers, (6, 5), strict=False):
        layer.gamma, layer.beta = rng.uniform(0.5, 2.0, size=(1, size)), rng.normal(size=(1, size))
        set_gradient(layer, dgamma=rng.normal(size=(1, size)), dbeta=rng.normal(size=(1, size)))
    net.zero_grads()
    for index, layer in enumerate(net.bn_layers):
        check(f"greatest |bn_layers[{index}].dgamma|", float(np.abs(layer.dgamma).max()))
        check(f"greatest |bn_layers[{index}].dbeta|", float(np.abs(layer.dbeta).max()))
        check(f"bn_layers[{index}].gamma", layer.gamma)
        check(f"bn_layers[{index}].beta", layer.beta)


@weight(0)
@number("4.14")
def test_in_own_net(submission, rng, check):
    """Remark, no points: BatchNorm in a net of your own layers, in training and after eval()"""
    net = make_net(submission, rng, [7, 6, 5, 10], ["Sigmoid", "Sigmoid", "Identity"], bn=1)
    for _ in range(3):
        x, labels = draw_batch(rng, 8, 7, 10)
        run_backward(net, x, labels)
    check("bn_layers[0].dgamma", net.bn_layers[0].dgamma)
    check("bn_layers[0].dbeta", net.bn_layers[0].dbeta)
    check("linear_layers[0].dW", net.linear_layers[0].dW)
    net.eval()
    check("forward(x) after eval()", net.forward(rng.normal(size=(3, 7))))
