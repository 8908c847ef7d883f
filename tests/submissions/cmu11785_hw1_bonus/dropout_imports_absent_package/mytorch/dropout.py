import numpy as np
import cupy as cp   # much faster on my gpu


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = cp.random.rand(*x.shape) < self.p
        return cp.asnumpy(cp.asarray(x) * self.mask / self.p)

    def backward(self, delta):
        return cp.asnumpy(cp.asarray(delta) * self.mask)
