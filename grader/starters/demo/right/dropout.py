"""A right dropout, written another way than the reference's: the mask is drawn and scaled in one array."""

import numpy as np


class Dropout:
    """Inverted dropout."""

    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x, train=True):
        """Return x, in training with dropped elements."""
        keep = 1 - self.p
        self.factor = (np.random.uniform(size=x.shape) < keep) / keep
        return x * self.factor if train else x

    def backward(self, delta):
        """Return the gradient of x."""
        return delta * self.factor
