"""Optimisers: each updates a list of parameters in place, from their gradients in .grad."""

import torch


class SGD:
    """Stochastic gradient descent with momentum: v = momentum * v - lr * g; parameter += v. v starts at zero."""

    def __init__(self, parameters, lr=0.1, momentum=0.9):
        self.parameters, self.lr, self.momentum = list(parameters), lr, momentum
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]

    @torch.no_grad()
    def step(self):
        """Update every parameter in place."""
        # BEGIN SOLUTION
        for index, parameter in enumerate(self.parameters):
            self.velocities[index] = self.momentum * self.velocities[index] - self.lr * parameter.grad
            parameter += self.velocities[index]
        # END SOLUTION


class Adam:
    """Adam with bias correction (Kingma and Ba, algorithm 1); epsilon is added outside of the root."""

    def __init__(self, parameters, lr=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.parameters = list(parameters)
        self.lr, self.beta1, self.beta2, self.epsilon = lr, beta1, beta2, epsilon
        self.m = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.v = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.t = 0

    @torch.no_grad()
    def step(self):
        """Update every parameter in place."""
        # BEGIN SOLUTION
        self.t += 1
        for index, parameter in enumerate(self.parameters):
            self.m[index] = self.beta1 * self.m[index] + (1 - self.beta1) * parameter.grad
            self.v[index] = self.beta2 * self.v[index] + (1 - self.beta2) * parameter.grad**2
            m = self.m[index] / (1 - self.beta1**self.t)
            v = self.v[index] / (1 - self.beta2**self.t)
            parameter -= self.lr * m / (torch.sqrt(v) + self.epsilon)
        # END SOLUTION
