import numpy as np

class Dropout():

    def __init__(self, p=0.5):
        self.p = p
        self.mask = 1

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if not train: return x
        U = np.random.random_sample(x.shape)
        self.mask = (U <= self.p).astype(int)
        print("kept", self.mask.sum(), "of", self.mask.size)   # debug
        x_hat = (x * self.mask) * (1 / self.p)
        return x_hat

    def backward(self, delta):
        return delta * self.mask
