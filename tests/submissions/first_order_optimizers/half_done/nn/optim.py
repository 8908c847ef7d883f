import numpy as np


class SGD:
    def __init__(self, params, lr):
        self.params = params
        self.learning_rate = lr

    def step(self, grads):
        for k in self.params:
            self.params[k] -= self.learning_rate * grads[k]


class Momentum:
    def __init__(self, params, lr, rho=0.9):
        self.params = params
        self.learning_rate = lr
        self.rho = rho
        self.velocity = {}

    def step(self, grads):
        for k, dw in grads.items():
            v = self.velocity.setdefault(k, np.zeros_like(dw))
            v *= self.rho
            v += dw
            self.params[k] -= self.learning_rate * v
