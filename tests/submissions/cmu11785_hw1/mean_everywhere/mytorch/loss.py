import numpy as np


class Criterion(object):
    def __init__(self):
        self.logits = None
        self.labels = None
        self.loss = None

    def __call__(self, x, y):
        return self.forward(x, y)


class SoftmaxCrossEntropy(Criterion):
    def __init__(self):
        super(SoftmaxCrossEntropy, self).__init__()
        self.sm = None

    def forward(self, x, y):
        self.logits = x
        self.labels = y
        e = np.exp(self.logits)
        self.sm = e / np.sum(e, axis=1).reshape(-1, 1)
        self.loss = -np.sum(self.labels * np.log(self.sm + 1e-9), axis=1).mean()
        return self.loss

    def derivative(self):
        return (self.sm - self.labels) / len(self.labels)
