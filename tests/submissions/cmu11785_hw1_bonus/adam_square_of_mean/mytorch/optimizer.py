import numpy as np


class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0

    def step(self):
        self.t += 1
        for l in self.model.linear_layers:
            l.mW = self.beta1 * l.mW + (1 - self.beta1) * l.dW
            l.mb = self.beta1 * l.mb + (1 - self.beta1) * l.db
            l.vW = self.beta2 * l.vW + (1 - self.beta2) * l.mW ** 2
            l.vb = self.beta2 * l.vb + (1 - self.beta2) * l.mb ** 2
            l.W -= self.lr * (l.mW / (1 - self.beta1 ** self.t)) / np.sqrt(l.vW / (1 - self.beta2 ** self.t) + self.eps)
            l.b -= self.lr * (l.mb / (1 - self.beta1 ** self.t)) / np.sqrt(l.vb / (1 - self.beta2 ** self.t) + self.eps)
