# Do not import any additional 3rd party external libraries
import numpy as np
import math

class Linear():
    def __init__(self, in_feature, out_feature, weight_init_fn, bias_init_fn):
        self.W = weight_init_fn(in_feature, out_feature)
        self.b = bias_init_fn(out_feature)

        # TODO: Complete these but do not change the names.
        self.dW = np.zeros(None)
        self.db = np.zeros(None)

        self.momentum_W = np.zeros(None)
        self.momentum_b = np.zeros(None)

        self.mW = np.zeros(None) #mean derivative for W
        self.vW = np.zeros(None) #squared derivative for W
        self.mb = np.zeros(None) #mean derivative for b
        self.vb = np.zeros(None) #squared derivative for b

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, delta):
        self.dW = self.x.T @ delta / x.shape[0]
        self.db = np.mean(delta, axis=0, keepdims=True)
        return delta @ self.W.T
