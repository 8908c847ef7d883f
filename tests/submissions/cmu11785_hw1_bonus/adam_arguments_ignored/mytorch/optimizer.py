import numpy as np

BETA1 = 0.9
BETA2 = 0.999
EPS = 1e-8


class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.lr = model.lr
        self.t = 0
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def step(self):
        self.t += 1
        for l in self.model.linear_layers:
            l.mW = BETA1 * l.mW + (1 - BETA1) * l.dW
            l.mb = BETA1 * l.mb + (1 - BETA1) * l.db
            l.vW = BETA2 * l.vW + (1 - BETA2) * l.dW ** 2
            l.vb = BETA2 * l.vb + (1 - BETA2) * l.db ** 2
            l.W = l.W - self.lr * (l.mW / (1 - BETA1 ** self.t)) / np.sqrt(l.vW / (1 - BETA2 ** self.t) + EPS)
            l.b = l.b - self.lr * (l.mb / (1 - BETA1 ** self.t)) / np.sqrt(l.vb / (1 - BETA2 ** self.t) + EPS)
