import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train:
            return x
        prob = np.random.uniform(0, 1, x.shape)
        self.mask = prob * (prob < self.p)
        return x * self.mask / self.p

    def backward(self, delta):
        return delta * (self.mask > 0)
