import math
import numpy as np


class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0
        self.hist = {}

    def one(self, key, w, g):
        m, v = self.hist.get(key, (0.0, 0.0))
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g * g
        self.hist[key] = (m, v)
        mm = m / (1 - self.beta1 ** self.t)
        vv = v / (1 - self.beta2 ** self.t)
        return w - self.lr * mm / math.sqrt(vv + self.eps)

    def step(self):
        self.t += 1
        for k in range(len(self.model.linear_layers)):
            layer = self.model.linear_layers[k]
            rows, cols = layer.W.shape
            new_W = np.zeros((rows, cols))
            new_b = np.zeros((1, cols))
            for j in range(cols):
                for i in range(rows):
                    new_W[i, j] = self.one((k, "W", i, j), layer.W[i, j], layer.dW[i, j])
                new_b[0, j] = self.one((k, "b", j), layer.b[0, j], layer.db[0, j])
            layer.W = new_W
            layer.b = new_b
