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
            l.mW = self.beta2 * l.mW + (1 - self.beta2) * l.dW
            l.mb = self.beta2 * l.mb + (1 - self.beta2) * l.db
            l.vW = self.beta1 * l.vW + (1 - self.beta1) * l.dW ** 2
            l.vb = self.beta1 * l.vb + (1 - self.beta1) * l.db ** 2
            mW = l.mW / (1 - self.beta2 ** self.t)
            mb = l.mb / (1 - self.beta2 ** self.t)
            vW = l.vW / (1 - self.beta1 ** self.t)
            vb = l.vb / (1 - self.beta1 ** self.t)
            l.W = l.W - self.lr * mW / np.sqrt(vW + self.eps)
            l.b = l.b - self.lr * mb / np.sqrt(vb + self.eps)
