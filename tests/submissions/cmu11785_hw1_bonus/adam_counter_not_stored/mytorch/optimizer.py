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
        t = self.t + 1
        for layer in self.model.linear_layers:
            for k in ["W", "b"]:
                g = layer.__dict__["d" + k]
                m = self.beta1 * getattr(layer, "m" + k) + (1 - self.beta1) * g
                v = self.beta2 * getattr(layer, "v" + k) + (1 - self.beta2) * g ** 2
                setattr(layer, "m" + k, m)
                setattr(layer, "v" + k, v)
                m = m / (1 - self.beta1 ** t)
                v = v / (1 - self.beta2 ** t)
                setattr(layer, k, getattr(layer, k) - self.lr * m / np.sqrt(v + self.eps))
