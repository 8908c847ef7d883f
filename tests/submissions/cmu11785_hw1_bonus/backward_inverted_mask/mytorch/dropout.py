import numpy as np

class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            self.dropped = np.random.rand(*x.shape) > self.p
            return x * (1 - self.dropped) / self.p
        return x

    def backward(self, delta):
        return delta * self.dropped
