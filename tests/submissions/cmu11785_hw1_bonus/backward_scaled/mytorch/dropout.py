import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        # p = keep probability
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train:
            return x
        # mask is 0 or 1/p so that E[y] = x and test time needs nothing
        self.mask = (np.random.rand(*x.shape) < self.p) / self.p
        return x * self.mask

    def backward(self, delta):
        # y = x * mask  =>  dy/dx = mask (with the 1/p in it!)
        return delta * self.mask
