import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train:
            return x
        n = 1
        for s in x.shape:
            n = n * s
        flat = np.random.binomial(1, self.p, n)
        self.M = np.reshape(flat, x.shape)
        return self.M * x / self.p

    def backward(self, delta):
        return self.M * delta
