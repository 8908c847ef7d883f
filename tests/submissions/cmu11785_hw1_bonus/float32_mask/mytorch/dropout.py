import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p
        self.mask = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            mask = np.random.binomial(n=1, p=self.p, size=x.shape)
            # /p already in here (inverted dropout)
            self.mask = mask.astype(np.float32) / np.float32(self.p)
            return x * self.mask
        else:
            return x

    def backward(self, delta):
        # grad flows only where neuron was on
        return delta * (self.mask > 0)
