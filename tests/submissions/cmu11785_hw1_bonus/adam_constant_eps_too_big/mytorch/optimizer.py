import numpy as np


class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = 1e-6
        self.lr = self.model.lr
        self.t = 0

    def step(self):
        self.t += 1
        for l in self.model.linear_layers:
            l.mW, l.mb = [self.beta1 * m + (1 - self.beta1) * g for m, g in ((l.mW, l.dW), (l.mb, l.db))]
            l.vW, l.vb = [self.beta2 * v + (1 - self.beta2) * g ** 2 for v, g in ((l.vW, l.dW), (l.vb, l.db))]
            l.W = l.W - self.lr * l.mW / (1 - self.beta1 ** self.t) / np.sqrt(l.vW / (1 - self.beta2 ** self.t) + self.eps)
            l.b = l.b - self.lr * l.mb / (1 - self.beta1 ** self.t) / np.sqrt(l.vb / (1 - self.beta2 ** self.t) + self.eps)
