import numpy as np


class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0
        first = model.linear_layers[0]
        self.m = np.zeros_like(first.W)
        self.v = np.zeros_like(first.W)
        self.mb = np.zeros_like(first.b)
        self.vb = np.zeros_like(first.b)

    def step(self):
        self.t += 1
        for l in self.model.linear_layers:
            self.m = self.beta1 * self.m + (1 - self.beta1) * l.dW
            self.v = self.beta2 * self.v + (1 - self.beta2) * l.dW ** 2
            l.W = l.W - self.lr * self.m / (1 - self.beta1 ** self.t) / np.sqrt(self.v / (1 - self.beta2 ** self.t) + self.eps)
            self.mb = self.beta1 * self.mb + (1 - self.beta1) * l.db
            self.vb = self.beta2 * self.vb + (1 - self.beta2) * l.db ** 2
            l.b = l.b - self.lr * self.mb / (1 - self.beta1 ** self.t) / np.sqrt(self.vb / (1 - self.beta2 ** self.t) + self.eps)
