"""Dropout: elements switched off at random in training."""

import numpy as np


class Dropout:
    """Inverted dropout: y = x * mask / (1 - p) in training, y = x in evaluation; a mask's element is 0 or 1.

    p: the probability that an element is dropped, 0 <= p < 1.
    """

    def __init__(self, p=0.5):
        self.p = p
        self.mask = None

    def forward(self, x, train=True):
        """Return y in the shape of x, an array of any shape. Draw the mask with one call of np.random.binomial."""
        # BEGIN SOLUTION
        if not train:
            return x
        self.mask = np.random.binomial(1, 1 - self.p, x.shape)
        return x * self.mask / (1 - self.p)
        # END SOLUTION

    def backward(self, delta):
        """Return the gradient with respect to x of the last pass in training; delta is the one with respect to y."""
        # BEGIN SOLUTION
        return delta * self.mask / (1 - self.p)
        # END SOLUTION
