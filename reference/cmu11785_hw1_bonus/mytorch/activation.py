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
        # BEGIN SOLUTION
        # 1 / (1 + exp(-x)) = exp(-log(exp(0) + exp(-x))). logaddexp never forms exp(-x), which overflows at
        # x = -1000, and unlike (1 + tanh(x/2)) / 2 this keeps every digit of the tiny values on the left.
        self.state = np.exp(-np.logaddexp(0, -x))
        return self.state
        # END SOLUTION

    def derivative(self):
        """Return f'(x), (B, N)."""
        # BEGIN SOLUTION
        return self.state * (1 - self.state)
        # END SOLUTION


class Tanh(Activation):
    """f(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x)); source: course handout."""

    def forward(self, x):
        """Return f(x), (B, N), each value in [-1, 1]; huge arguments of either sign raise no overflow."""
        # BEGIN SOLUTION
        self.state = np.tanh(x)  # the quotient of exponentials is nan from |x| = 710 on
        return self.state
        # END SOLUTION

    def derivative(self):
        """Return f'(x), (B, N)."""
        # BEGIN SOLUTION
        return 1 - self.state**2
        # END SOLUTION


class ReLU(Activation):
    """f(x) = max(x, 0); source: course handout."""

    def forward(self, x):
        """Return f(x), (B, N)."""
        # BEGIN SOLUTION
        self.state = np.maximum(x, 0)
        return self.state
        # END SOLUTION

    def derivative(self):
        """Return f'(x), (B, N), in the dtype of x. At exactly 0 either neighbour's value is right."""
        # BEGIN SOLUTION
        # f(x) > 0 just where x > 0. The cast keeps float32 nets in float32 and gives a number, not a bool.
        return (self.state > 0).astype(self.state.dtype)
        # END SOLUTION
