import numpy as np

DTYPE = np.float32

class Dropout(object):
    def __init__(self, p=0.5):
        self.p = DTYPE(p)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        x = np.asarray(x, dtype=DTYPE)
        if not train:
            return x
        self.mask = (np.random.uniform(size=x.shape) < self.p).astype(DTYPE)
        return x * self.mask / self.p

    def backward(self, delta):
        return np.asarray(delta, dtype=DTYPE) * self.mask
