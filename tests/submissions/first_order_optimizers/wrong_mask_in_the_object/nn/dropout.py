import numpy as np


class VanillaDropout:
    def __init__(self, p):
        self.p = p

    def forward(self, x, train=True):
        self.mask = np.random.rand(*x.shape) < self.p if train else self.p
        return x * self.mask, None

    def backward(self, dout, cache):
        return dout * self.mask


class InvertedDropout:
    def __init__(self, p):
        self.p = p

    def forward(self, x, train=True):
        self.mask = (np.random.rand(*x.shape) < self.p) / self.p if train else 1
        return x * self.mask, None

    def backward(self, dout, cache):
        return dout * self.mask
