# HW1 bonus, dropout
# Do not import any additional 3rd party libraries!
import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        # Dropout probability
        self.p = p
        self.scale = 1.0 / p
        self.mask = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            # 1 = neuron stays on
            self.mask = np.random.binomial(1, self.p, x.shape)
            out = self.scale * np.multiply(self.mask, x)
        else:
            out = x
        return out

    def backward(self, delta):
        return np.multiply(self.mask, delta)
