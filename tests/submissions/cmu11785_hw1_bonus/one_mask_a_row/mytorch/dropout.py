import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train:
            return x
        batch = x.shape[0]
        m = np.random.binomial(1, self.p, batch)
        self.mask = m.reshape([batch] + [1] * (x.ndim - 1))
        return x * self.mask / self.p

    def backward(self, delta):
        return delta * self.mask
