import numpy as np

class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p
        self.mask = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train:
            return x
        # backward needs the same mask so only make it once
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = np.random.binomial(1, self.p, x.shape)
        return x * self.mask / self.p

    def backward(self, delta):
        return delta * self.mask
