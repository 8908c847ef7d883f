import numpy as np


class VanillaDropout:
    def __init__(self, p):
        self.p = p

    def forward(self, x, train=True):
        if not train:
            x *= self.p
            return x, None
        mask = np.random.rand(*x.shape) > self.p
        x *= mask
        return x, mask

    def backward(self, dout, cache):
        return dout * self.p if cache is None else dout * cache


class InvertedDropout(VanillaDropout):
    def forward(self, x, train=True):
        if not train:
            return x, None
        mask = (np.random.rand(*x.shape) > self.p) / max(1 - self.p, 1e-3)
        x *= mask
        return x, mask

    def backward(self, dout, cache):
        if cache is not None:
            dout *= cache
        return dout
