import numpy as np


class Dropout(object):

    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train is True:
            # flip one unfair coin per neuron
            coins = np.random.choice([0, 1], size=x.shape, p=[1 - self.p, self.p])
            self.coins = coins
            return x * coins / self.p
        return x

    def backward(self, delta):
        return self.coins * delta
