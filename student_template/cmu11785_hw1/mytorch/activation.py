"""Activations: the nonlinearities between two linear layers, each with its own derivative.

B is the batch size and N the number of neurons. Arrays keep the floating dtype they come with.
"""

import numpy as np


class Activation:
    """Interface of an elementwise function y = f(x).

    `state` holds the output y of the last forward pass, shape (B, N). Every derivative below is a function
    of y alone, so nothing else has to be remembered.
    """

    def __init__(self):
        self.state = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        """Return f(x), shape (B, N), and keep it in `state`."""
        raise NotImplementedError

    def derivative(self):
        """Return f'(x) at the x of the last forward pass, shape (B, N)."""
        raise NotImplementedError


class Identity(Activation):
    """f(x) = x, for the output layer: the criterion takes logits."""

    def forward(self, x):
        """Return x itself, (B, N)."""
        self.state = x
        return x

    def derivative(self):
        """Return the scalar 1.0, which broadcasts over (B, N)."""
        return 1.0


class Sigmoid(Activation):
    """f(x) = 1 / (1 + exp(-x)); source: course handout."""

    def forward(self, x):
        """Return f(x), (B, N), each value in [0, 1]; huge arguments of either sign raise no overflow."""
        # TODO: implement Sigmoid.forward
        raise NotImplementedError("Sigmoid.forward")

    def derivative(self):
        """Return f'(x), (B, N)."""
        # TODO: implement Sigmoid.derivative
        raise NotImplementedError("Sigmoid.derivative")


class Tanh(Activation):
    """f(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x)); source: course handout."""

    def forward(self, x):
        """Return f(x), (B, N), each value in [-1, 1]; huge arguments of either sign raise no overflow."""
        # TODO: implement Tanh.forward
        raise NotImplementedError("Tanh.forward")

    def derivative(self):
        """Return f'(x), (B, N)."""
        # TODO: implement Tanh.derivative
        raise NotImplementedError("Tanh.derivative")


class ReLU(Activation):
    """f(x) = max(x, 0); source: course handout."""

    def forward(self, x):
        """Return f(x), (B, N)."""
        # TODO: implement ReLU.forward
        raise NotImplementedError("ReLU.forward")

    def derivative(self):
        """Return f'(x), (B, N), in the dtype of x. At exactly 0 either neighbour's value is right."""
        # TODO: implement ReLU.derivative
        raise NotImplementedError("ReLU.derivative")
