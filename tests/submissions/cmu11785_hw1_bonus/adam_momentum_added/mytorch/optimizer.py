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
            l.vW = self.beta2 * l.vW + (1 - self.beta2) * l.dW ** 2
            l.vb = self.beta2 * l.vb + (1 - self.beta2) * l.db ** 2
            mW = l.mW / (1 - self.beta1 ** self.t)
            mb = l.mb / (1 - self.beta1 ** self.t)
            vW = l.vW / (1 - self.beta2 ** self.t)
            vb = l.vb / (1 - self.beta2 ** self.t)
            if not hasattr(l, "momentum_W"):
                l.momentum_W = 0
                l.momentum_b = 0
            l.momentum_W = self.model.momentum * l.momentum_W - self.lr * mW / np.sqrt(vW + self.eps)
            l.momentum_b = self.model.momentum * l.momentum_b - self.lr * mb / np.sqrt(vb + self.eps)
            l.W = l.W + l.momentum_W
            l.b = l.b + l.momentum_b
