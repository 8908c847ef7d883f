import math

import numpy as np


class Linear(object):
    def __init__(self, in_feature, out_feature, weight_init_fn, bias_init_fn):
        self.W = weight_init_fn(in_feature, out_feature)
        self.b = bias_init_fn(out_feature)
        self.dW = np.zeros(self.W.shape)
        self.db = np.zeros(self.b.shape)
        self.momentum_W = np.zeros(self.W.shape)
        self.momentum_b = np.zeros(self.b.shape)
        self.input = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.input = x
        return np.dot(x, self.W) + self.b

    def backward(self, delta):
        batch_size = delta.shape[0]
        self.dW = np.dot(np.transpose(self.input), delta) / batch_size
        self.db = np.mean(delta, axis=0)
        return np.dot(delta, np.transpose(self.W))
