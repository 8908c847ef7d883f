import numpy as np


class Adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.lr = model.lr
        self.t = 0
        self.b1, self.b2, self.eps = beta1, beta2, eps

    def step(self):
        self.t += 1
        for l in self.model.linear_layers:
            l.mW = self.b1 * l.mW + (1 - self.b1) * l.dW
            l.mb = self.b1 * l.mb + (1 - self.b1) * l.db
            l.vW = self.b2 * l.vW + (1 - self.b2) * l.dW ** 2
            l.vb = self.b2 * l.vb + (1 - self.b2) * l.db ** 2
            l.W = l.W - self.lr * (l.mW / (1 - self.b1 ** self.t)) / np.sqrt(l.vW / (1 - self.b2 ** self.t) + self.eps)
            l.b = l.b - self.lr * (l.mb / (1 - self.b1 ** self.t)) / np.sqrt(l.vb / (1 - self.b2 ** self.t) + self.eps)
