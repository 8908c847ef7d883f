"""Optimisers: each updates a list of parameters in place, from a list of gradients."""

import numpy as np


class SGD:
    """Stochastic gradient descent with momentum: v = momentum * v - lr * g; parameter += v. v starts at zero."""

    def __init__(self, parameters, lr=0.1, momentum=0.9):
        self.parameters, self.lr, self.momentum = parameters, lr, momentum
        self.velocities = [np.zeros_like(parameter) for parameter in parameters]

    def step(self, gradients):
        """Update every parameter in place; gradients are arrays in the parameters' shapes and order."""
        # BEGIN SOLUTION
        for index, gradient in enumerate(gradients):
            self.velocities[index] = self.momentum * self.velocities[index] - self.lr * gradient
            self.parameters[index] += self.velocities[index]
        # END SOLUTION


class Adam:
    """Adam with bias correction (Kingma and Ba, algorithm 1); epsilon is added outside of the root."""

    def __init__(self, parameters, lr=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.parameters, self.lr, self.beta1, self.beta2, self.epsilon = parameters, lr, beta1, beta2, epsilon
        self.m = [np.zeros_like(parameter) for parameter in parameters]
        self.v = [np.zeros_like(parameter) for parameter in parameters]
        self.t = 0

    def step(self, gradients):
        """Update every parameter in place; gradients are arrays in the parameters' shapes and order."""
        # BEGIN SOLUTION
        self.t += 1
        for index, gradient in enumerate(gradients):
            self.m[index] = self.beta1 * self.m[index] + (1 - self.beta1) * gradient
            self.v[index] = self.beta2 * self.v[index] + (1 - self.beta2) * gradient**2
            m = self.m[index] / (1 - self.beta1**self.t)
            v = self.v[index] / (1 - self.beta2**self.t)
            self.parameters[index] -= self.lr * m / (np.sqrt(v) + self.epsilon)
        # END SOLUTION
