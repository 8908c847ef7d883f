import numpy as np


class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model, self.beta1, self.beta2, self.eps = model, beta1, beta2, eps
        self.lr = model.lr
        self.t = 0

    def step(self):
        self.t += 1
        print("================ step", self.t)
        for i, l in enumerate(self.model.linear_layers):
            l.mW = self.beta1 * l.mW + (1 - self.beta1) * l.dW
            l.vW = self.beta2 * l.vW + (1 - self.beta2) * l.dW * l.dW
            l.mb = self.beta1 * l.mb + (1 - self.beta1) * l.db
            l.vb = self.beta2 * l.vb + (1 - self.beta2) * l.db * l.db
            for n, a in [("mW", l.mW), ("vW", l.vW), ("mb", l.mb), ("vb", l.vb)]:
                print("layer", i, n, a.shape, a)
            bc1 = 1 - np.power(self.beta1, self.t)
            bc2 = 1 - np.power(self.beta2, self.t)
            l.W = l.W - self.lr * (l.mW / bc1) / np.sqrt(l.vW / bc2 + self.eps)
            l.b = l.b - self.lr * (l.mb / bc1) / np.sqrt(l.vb / bc2 + self.eps)
