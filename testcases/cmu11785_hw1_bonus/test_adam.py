"""Adam, on a stand-in model: changing gradients, several steps, state fed back.

What is compared is how far the parameters moved, not where they are: a move is small beside a weight, and a wrong
epsilon would drown in it.
"""

import numpy as np
import pytest
from stand_ins import draw_gradients, make_model

from grader.testing import number, visibility, weight


def start_of(model):
    return [(layer.W.copy(), layer.b.copy()) for layer in model.linear_layers]


def check_moves(check, label, start, model):
    for index, ((W, b), layer) in enumerate(zip(start, model.linear_layers, strict=True)):
        check(f"move of linear_layers[{index}].W {label}", layer.W - W)
        check(f"move of linear_layers[{index}].b {label}", layer.b - b)


@weight(0.5)
@number("1.1")
def test_first_step(submission, rng, check):
    """The first step of Adam"""
    # each element moves by about lr in one direction or the other: only lr and the signs tell two draws apart
    model = make_model(submission, rng, [5, 4], lr=rng.uniform(0.005, 0.02))
    start = start_of(model)
    optimizer = submission.optimizer.adam(model)
    draw_gradients(rng, model)
    optimizer.step()
    check_moves(check, "after one step", start, model)


@weight(1)
@number("1.2")
@pytest.mark.parametrize("sizes", [[5, 4], [7, 3, 6]], ids=["one layer", "two layers"])
def test_four_steps(submission, rng, check, sizes):
    """Four steps of Adam with changing gradients"""
    model = make_model(submission, rng, sizes, lr=0.008)
    start = start_of(model)
    optimizer = submission.optimizer.adam(model, 0.9, 0.999)
    for step in range(1, 5):
        draw_gradients(rng, model)
        optimizer.step()
        check_moves(check, f"after step {step}", start, model)


@weight(0.5)
@number("1.3")
def test_counter(submission, rng, check):
    """Adam counts its steps in t, from 0, and takes them"""
    model = make_model(submission, rng, [2, 3], lr=0.01)
    start = start_of(model)
    optimizer = submission.optimizer.adam(model)
    check("t at the start", float(optimizer.t))
    for _ in range(rng.randint(3, 20)):
        draw_gradients(rng, model)
        optimizer.step()
    check("t after the last step", float(optimizer.t))
    # a counter alone is one line, and no Adam
    check_moves(check, "after the last step", start, model)


@weight(0.75)
@number("1.4")
@visibility("hidden")
def test_other_betas(submission, rng, check):
    """Adam with beta1 = 0.6, beta2 = 0.9 and eps = 0.01"""
    model = make_model(submission, rng, [4, 6], lr=0.05)
    start = start_of(model)
    optimizer = submission.optimizer.adam(model, beta1=0.6, beta2=0.9, eps=1e-2)
    for _ in range(6):
        draw_gradients(rng, model, scale=0.3)
        optimizer.step()
    check_moves(check, "after six steps", start, model)


@weight(0.5)
@number("1.5")
@visibility("hidden")
def test_small_gradients(submission, rng, check):
    """Adam where epsilon matters: gradients of about 1e-4"""
    model = make_model(submission, rng, [6, 5], lr=0.01)
    start = start_of(model)
    optimizer = submission.optimizer.adam(model)
    for _ in range(4):
        draw_gradients(rng, model, scale=1e-4)
        optimizer.step()
    check_moves(check, "after four steps", start, model)


@weight(1)
@number("1.6")
@visibility("hidden")
def test_each_parameter_has_its_own_state(submission, rng, check):
    """Adam keeps the moments of three layers apart and ignores the model's momentum"""
    model = make_model(submission, rng, [8, 5, 7, 2], lr=0.02)
    start = start_of(model)
    optimizer = submission.optimizer.adam(model)
    for step in range(5):
        draw_gradients(rng, model, scale=10.0 ** (step - 2))
        optimizer.step()
    check_moves(check, "after five steps", start, model)


@weight(0.5)
@number("1.7")
@visibility("hidden")
def test_many_steps(submission, rng, check):
    """Forty steps of Adam, whatever another optimiser did before"""
    other = make_model(submission, rng, [3, 4], lr=0.1)
    before = submission.optimizer.adam(other)
    for _ in range(3):
        draw_gradients(rng, other)
        before.step()
    model = make_model(submission, rng, [3, 4], lr=0.001)
    start = start_of(model)
    optimizer = submission.optimizer.adam(model)
    for _ in range(40):
        draw_gradients(rng, model)
        optimizer.step()
    check_moves(check, "after forty steps", start, model)


@weight(0.25)
@number("1.8")
@visibility("hidden")
def test_without_gradient(submission, rng, check):
    """Adam leaves a parameter alone whose gradient was always zero"""
    model = make_model(submission, rng, [4, 3], lr=0.01)
    start = start_of(model)
    optimizer = submission.optimizer.adam(model)
    for _ in range(4):
        draw_gradients(rng, model)
        model.linear_layers[0].dW = np.zeros_like(model.linear_layers[0].W)
        optimizer.step()
    check_moves(check, "after four steps", start, model)


@weight(0)
@number("1.9")
def test_in_own_network(submission, rng, check):
    """Remark, no points: Adam trains the MLP of your own Homework 1"""
    activation = submission.activation
    net = submission.hw1.MLP(
        20,
        10,
        [16, 12],
        [activation.Sigmoid(), activation.Sigmoid(), activation.Identity()],
        lambda rows, columns: rng.normal(size=(rows, columns)),
        lambda columns: np.zeros((1, columns)),
        submission.loss.SoftmaxCrossEntropy(),
        0.008,
        momentum=0.856,
        num_bn_layers=0,
    )
    optimizer = submission.optimizer.adam(net, 0.9, 0.999)
    for _ in range(5):
        x = rng.normal(size=(15, 20))
        labels = np.eye(10)[rng.randint(10, size=15)]
        net.zero_grads()
        net.forward(x)
        net.backward(labels)
        optimizer.step()
    for index, layer in enumerate(net.linear_layers):
        check(f"linear_layers[{index}].W", layer.W)
        check(f"linear_layers[{index}].b", layer.b)
