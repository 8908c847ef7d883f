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
            mW, vW = np.zeros_like(l.W), np.zeros_like(l.W)
            mb, vb = np.zeros_like(l.b), np.zeros_like(l.b)
            mW = self.beta1 * mW + (1 - self.beta1) * l.dW
            vW = self.beta2 * vW + (1 - self.beta2) * l.dW ** 2
            mb = self.beta1 * mb + (1 - self.beta1) * l.db
            vb = self.beta2 * vb + (1 - self.beta2) * l.db ** 2
            mW = mW / (1 - self.beta1 ** self.t)
            vW = vW / (1 - self.beta2 ** self.t)
            mb = mb / (1 - self.beta1 ** self.t)
            vb = vb / (1 - self.beta2 ** self.t)
            l.W = l.W - self.lr * mW / np.sqrt(vW + self.eps)
            l.b = l.b - self.lr * mb / np.sqrt(vb + self.eps)
