import numpy as np


class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0
        self.mW = self.vW = 0
        self.mb = self.vb = 0

    def step(self):
        self.t += 1
        for l in self.model.linear_layers:
            # reshape so that the layers fit together
            self.mW = self.beta1 * np.mean(self.mW) + (1 - self.beta1) * l.dW
            self.mb = self.beta1 * np.mean(self.mb) + (1 - self.beta1) * l.db
            self.vW = self.beta2 * np.mean(self.vW) + (1 - self.beta2) * l.dW ** 2
            self.vb = self.beta2 * np.mean(self.vb) + (1 - self.beta2) * l.db ** 2
            l.W = l.W - self.lr * self.mW / (1 - self.beta1 ** self.t) / np.sqrt(self.vW / (1 - self.beta2 ** self.t) + self.eps)
            l.b = l.b - self.lr * self.mb / (1 - self.beta1 ** self.t) / np.sqrt(self.vb / (1 - self.beta2 ** self.t) + self.eps)
