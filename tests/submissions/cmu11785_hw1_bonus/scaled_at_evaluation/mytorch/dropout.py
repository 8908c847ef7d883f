import numpy as np

# dropout as in Srivastava et al. 2014: train -> mask only, test -> multiply by p


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            self.mask = np.random.binomial(1, self.p, x.shape)
            return np.multiply(x, self.mask)
        return self.p * x

    def backward(self, delta):
        return np.multiply(delta, self.mask)
