import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p
        self.q = 1 - p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            self.mask = np.random.rand(*x.shape) < self.p
            # keep the expected value the same
            return (x * self.mask) / max(self.q, 1e-12)
        return x

    def backward(self, delta):
        return delta * self.mask
