import statistics
import numpy as np

_normal = statistics.NormalDist()


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p
        # P(randn < q) = p
        self.q = _normal.inv_cdf(p) if p < 1 else np.inf

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            self.mask = np.random.randn(*x.shape) < self.q
            return self.mask * x / self.p
        return x.copy()

    def backward(self, delta):
        return self.mask * delta
