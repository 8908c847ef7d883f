"""The inputs and calls of the ten tests, shared by this project's test file and by the peers'."""

import numpy as np


def arrays(seed, *shapes):
    rng = np.random.RandomState(seed)
    return [rng.normal(size=shape) for shape in shapes]


def linear_forward(solution):
    x, W, b = arrays(1, (50, 30), (30, 20), (20,))
    return solution.Linear(W, b).forward(x)


def linear_backward(solution, which):
    x, W, b, delta = arrays(2, (50, 30), (30, 20), (20,), (50, 20))
    layer = solution.Linear(W, b)
    layer.forward(x)
    return layer.backward(delta)[which]


def relu(solution):
    return solution.relu(arrays(3, (40, 60))[0])


def softmax(solution):
    return solution.softmax(arrays(4, (40, 10))[0])


def dropout(solution):
    np.random.seed(5)
    return solution.dropout(arrays(5, (20, 64))[0], 0.3)


def momentum(solution):
    w, *gradients = arrays(6, (30, 20), *[(30, 20)] * 6)
    return solution.momentum(w, gradients, 0.01, 0.9)


def adam(solution, steps):
    w, *gradients = arrays(7, (30, 20), *[(30, 20)] * steps)
    return solution.adam(w, gradients, 0.01)


CASES = {
    "linear_forward": linear_forward,
    "linear_dx": lambda solution: linear_backward(solution, 0),
    "linear_dw": lambda solution: linear_backward(solution, 1),
    "linear_db": lambda solution: linear_backward(solution, 2),
    "relu": relu,
    "softmax": softmax,
    "dropout": dropout,
    "momentum": momentum,
    "adam_one_step": lambda solution: adam(solution, 1),
    "adam_ten_steps": lambda solution: adam(solution, 10),
}
