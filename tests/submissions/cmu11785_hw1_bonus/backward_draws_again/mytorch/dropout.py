import numpy as np

class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def get_mask(self, shape):
        return np.random.binomial(1, self.p, shape)

    def forward(self, x, train=True):
        if train:
            return x * self.get_mask(x.shape) / self.p
        return x

    def backward(self, delta):
        return delta * self.get_mask(delta.shape)
