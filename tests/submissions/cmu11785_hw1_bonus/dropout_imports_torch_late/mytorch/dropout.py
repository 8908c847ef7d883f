import numpy as np


class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        import torch
        y = torch.nn.functional.dropout(torch.tensor(x), 1 - self.p, training=train).numpy()
        self.mask = (y != 0)
        return y

    def backward(self, delta):
        return delta * self.mask
