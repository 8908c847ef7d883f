"""Right, and written another way than the reference: a uniform draw, kept as booleans, on the flat array."""

import numpy as np


class Dropout:
    def __init__(self, p=0.5):
        self.keep = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train:
            return x
        self.kept = (np.random.random_sample(x.size) < self.keep).reshape(x.shape)
        out = np.zeros_like(x)
        out[self.kept] = x[self.kept] / self.keep
        return out

    def backward(self, delta):
        return np.where(self.kept, delta, 0.0)
