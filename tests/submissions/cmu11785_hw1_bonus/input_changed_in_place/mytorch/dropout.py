import numpy as np

class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            self.mask = np.random.binomial(1, self.p, x.shape)
            x *= self.mask
            x /= self.p
        return x

    def backward(self, delta):
        delta *= self.mask
        return delta
