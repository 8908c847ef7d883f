import random
import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train == 0:
            return x
        out = np.empty(x.shape)
        self.onoff = np.empty(x.shape)
        for idx in np.ndindex(*x.shape):
            if random.random() < self.p:
                self.onoff[idx] = 1.0
                out[idx] = x[idx] / self.p
            else:
                self.onoff[idx] = 0.0
                out[idx] = 0.0
        return out

    def backward(self, delta):
        res = np.empty(delta.shape)
        for idx in np.ndindex(*delta.shape):
            res[idx] = delta[idx] * self.onoff[idx]
        return res
