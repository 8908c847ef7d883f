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
            for p, g, m, v in [("W", l.dW, "mW", "vW"), ("b", l.db, "mb", "vb")]:
                setattr(l, m, self.beta1 * getattr(l, m) + (1 - self.beta1) * g)
                setattr(l, v, self.beta2 * getattr(l, v) + (1 - self.beta2) * g * g)
                mh = getattr(l, m) / (1 - self.beta1 ** self.t)
                vh = getattr(l, v) / (1 - self.beta2 ** self.t)
                setattr(l, p, getattr(l, p) + self.lr * mh / np.sqrt(vh + self.eps))
