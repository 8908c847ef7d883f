import numpy as np

class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p
        self.masks = []

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            self.masks.append(np.random.binomial(1, self.p, x.shape))
            return x * self.masks[-1] / self.p
        return x

    def backward(self, delta):
        return delta * self.masks[0]
