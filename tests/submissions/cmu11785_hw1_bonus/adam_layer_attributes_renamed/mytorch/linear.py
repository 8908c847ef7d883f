import numpy as np
import math

class Linear():
    def __init__(self, in_feature, out_feature, weight_init_fn, bias_init_fn):
        self.W = weight_init_fn(in_feature, out_feature)
        self.b = bias_init_fn(out_feature)

        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

        self.momentum_W = np.zeros_like(self.W)
        self.momentum_b = np.zeros_like(self.b)

        # for adam
        self.mean_dW = np.zeros_like(self.W)
        self.mean_db = np.zeros_like(self.b)
        self.sq_dW = np.zeros_like(self.W)
        self.sq_db = np.zeros_like(self.b)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, delta):
        m = delta.shape[0]
        self.dW = np.dot(self.x.T, delta) / m
        self.db = np.sum(delta, axis=0, keepdims=True) / m
        return np.dot(delta, self.W.T)
