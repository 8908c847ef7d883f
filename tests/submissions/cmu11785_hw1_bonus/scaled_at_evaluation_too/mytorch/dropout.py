import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        self.mask = np.ones_like(x)
        if train:
            self.mask = (np.random.random(x.shape) < self.p).astype(float)
        return x * self.mask / self.p

    def backward(self, delta):
        return delta * self.mask
