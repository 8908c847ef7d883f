import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            r = np.random.rand(*np.shape(x))
            # r < 1-p happens with prob 1-p  -> those die
            m = np.ones(x.shape)
            m[r < 1 - self.p] = 0.0
            self.m = m
            x = x * self.m
            x = x / self.p
        return x

    def backward(self, delta):
        dx = self.m * delta
        return dx
