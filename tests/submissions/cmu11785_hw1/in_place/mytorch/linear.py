import numpy as np


class Linear(object):
    def __init__(self, in_feature, out_feature, weight_init_fn, bias_init_fn):
        self.W = weight_init_fn(in_feature, out_feature)
        self.b = bias_init_fn(out_feature)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        self.momentum_W = np.zeros_like(self.W)
        self.momentum_b = np.zeros_like(self.b)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.x = x.copy()
        out = x @ self.W
        out += self.b
        return out

    def backward(self, delta):
        delta_in = delta @ self.W.T
        delta /= len(delta)
        self.dW += self.x.T @ delta
        self.db += delta.sum(axis=0, keepdims=True)
        return delta_in
