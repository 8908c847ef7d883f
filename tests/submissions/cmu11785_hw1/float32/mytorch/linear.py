import math

import numpy as np


class Linear(object):
    def __init__(self, in_feature, out_feature, weight_init_fn, bias_init_fn):
        self.W = weight_init_fn(in_feature, out_feature).astype(np.float32)
        self.b = bias_init_fn(out_feature).astype(np.float32)
        self.dW = np.zeros(self.W.shape, dtype=np.float32)
        self.db = np.zeros(self.b.shape, dtype=np.float32)
        self.momentum_W = np.zeros(self.W.shape, dtype=np.float32)
        self.momentum_b = np.zeros(self.b.shape, dtype=np.float32)
        self.input = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.input = x.astype(np.float32)
        return np.dot(self.input, self.W) + self.b

    def backward(self, delta):
        delta = delta.astype(np.float32)
        batch_size = delta.shape[0]
        self.dW = np.dot(np.transpose(self.input), delta) / batch_size
        self.db = np.sum(delta, axis=0).reshape(1, -1) / batch_size
        return np.dot(delta, np.transpose(self.W))
