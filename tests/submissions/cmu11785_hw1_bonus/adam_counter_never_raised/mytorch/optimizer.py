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
        # update every layer
        for layer in self.model.linear_layers:
            layer.mW = self.beta1 * layer.mW + (1 - self.beta1) * layer.dW
            layer.vW = self.beta2 * layer.vW + (1 - self.beta2) * layer.dW ** 2
            layer.mb = self.beta1 * layer.mb + (1 - self.beta1) * layer.db
            layer.vb = self.beta2 * layer.vb + (1 - self.beta2) * layer.db ** 2
            mW = layer.mW / np.array(1 - self.beta1 ** self.t)
            vW = layer.vW / np.array(1 - self.beta2 ** self.t)
            mb = layer.mb / np.array(1 - self.beta1 ** self.t)
            vb = layer.vb / np.array(1 - self.beta2 ** self.t)
            layer.W = layer.W - self.lr * mW / np.sqrt(vW + self.eps)
            layer.b = layer.b - self.lr * mb / np.sqrt(vb + self.eps)
