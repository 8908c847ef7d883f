import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train:
            return x
        keep = np.random.rand(*x.shape) < self.p
        return np.where(keep, x, 0.0) / self.p

    def backward(self, delta):
        # dropout has no parameters, nothing to do
        return delta
