import numpy as np

class Dropout:
    def __init__(self, p=0.5):
        self.p = p
        self.rng = np.random.default_rng()   # the new numpy way

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            self.keep = self.rng.random(x.shape) < self.p
            y = np.zeros_like(x)
            y[self.keep] = x[self.keep] / self.p
            return y
        return x

    def backward(self, delta):
        d = np.zeros_like(delta)
        d[self.keep] = delta[self.keep]
        return d
