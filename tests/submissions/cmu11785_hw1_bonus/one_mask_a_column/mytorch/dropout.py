import numpy as np

class Dropout(object):
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if train:
            # a neuron is on or off for everybody in the batch
            self.neurons = (np.random.rand(*x.shape[1:]) < self.p) * 1.0
            return x * self.neurons / self.p
        return x

    def backward(self, delta):
        return delta * self.neurons
