import numpy as np
import sys

class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p
        print("Dropout created with p =", p)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        print("forward, train =", train, "x.shape =", x.shape)
        if not train:
            return x
        self.mask = np.random.binomial(1, self.p, x.shape)
        print(self.mask)
        print(x, file=sys.stderr)
        return x * self.mask / self.p

    def backward(self, delta):
        print("delta\n", delta)
        return delta * self.mask
