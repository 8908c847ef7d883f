import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        flat = x.flatten()
        if train:
            m = np.random.binomial(1, self.p, flat.shape[0])
            self.mask = m.reshape(x.shape)
            flat = flat * m / self.p
        return flat

    def backward(self, delta):
        return delta * self.mask
