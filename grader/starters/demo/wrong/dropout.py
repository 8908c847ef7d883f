"""A wrong dropout: p is taken for the probability to keep."""

import numpy as np


class Dropout:
    """Inverted dropout."""

    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x, train=True):
        """Return x, in training with dropped elements."""
        self.factor = np.random.binomial(1, self.p, x.shape) / self.p
        return x * self.factor if train else x

    def backward(self, delta):
        """Return the gradient of x."""
        return delta * self.factor
