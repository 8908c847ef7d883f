import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            noise = np.random.randn(*x.shape)
            self.mask = noise < self.p
            return self.mask * x / self.p
        return x

    def backward(self, delta):
        return self.mask * delta
