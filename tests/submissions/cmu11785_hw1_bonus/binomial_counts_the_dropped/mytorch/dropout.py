import numpy as np

class Dropout(object):
    """p = prob. of KEEPING"""

    def __init__(self, p=0.5):
        self.keep_prob = p
        self.drop_prob = 1 - p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train == False:
            return x
        dropped = np.random.binomial(1, self.drop_prob, size=x.shape)
        self.alive = (dropped == 0)
        return np.where(self.alive, x / self.keep_prob, 0)

    def backward(self, delta):
        delta = delta.copy()
        delta[~self.alive] = 0
        return delta
