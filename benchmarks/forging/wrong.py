"""Every value is wrong: worth nothing. An attack is written below this and may replace `answer`."""

import numpy as np

SHAPES = {
    "linear_forward": (50, 20),
    "linear_dx": (50, 30),
    "linear_dw": (30, 20),
    "linear_db": (20,),
    "relu": (40, 60),
    "softmax": (40, 10),
    "dropout": (20, 64),
    "momentum": (30, 20),
    "adam_one_step": (30, 20),
    "adam_ten_steps": (30, 20),
}


def answer(name):
    return np.full(SHAPES[name], -7.0)


class Linear:
    def __init__(self, W, b):
        pass

    def forward(self, x):
        return answer("linear_forward")

    def backward(self, delta):
        return answer("linear_dx"), answer("linear_dw"), answer("linear_db")


def relu(x):
    return answer("relu")


def softmax(x):
    return answer("softmax")


def dropout(x, keep):
    return answer("dropout")


def momentum(w, gradients, lr, mu):
    return answer("momentum")


def adam(w, gradients, lr):
    return answer("adam_one_step" if len(gradients) == 1 else "adam_ten_steps")
