import numpy as np
from fractions import Fraction


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        q = Fraction(self.p).limit_denominator(100)
        exact = np.array([Fraction(float(v)) for v in x.ravel()], dtype=object).reshape(x.shape)
        if train:
            self.mask = np.random.binomial(1, self.p, x.shape)
            return exact * self.mask / q
        return exact

    def backward(self, delta):
        return delta * self.mask
