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
        for layer in self.model.linear_layers:
            layer.mW = self.beta1 * layer.mW + (1 - self.beta1) * layer.dW
            layer.vW = self.beta2 * layer.vW + (1 - self.beta2) * layer.dW ** 2
            layer.mb = self.beta1 * layer.mb + (1 - self.beta1) * layer.db
            layer.vb = self.beta2 * layer.vb + (1 - self.beta2) * layer.db ** 2
            # t=0 gave a division by zero so I added eps
            c1 = 1 - self.beta1 ** self.t + self.eps
            c2 = 1 - self.beta2 ** self.t + self.eps
            layer.W = layer.W - self.lr * (layer.mW / c1) / np.sqrt(layer.vW / c2 + self.eps)
            layer.b = layer.b - self.lr * (layer.mb / c1) / np.sqrt(layer.vb / c2 + self.eps)
        self.t += 1
