import numpy as np


class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0 # Number of Updates

    def step(self):
        """
        * self.model is an instance of your MLP in hw1/hw1.py, it has access to
          the linear layer's list.
        * Each linear layer has access to mean derivative, mean squared derivative
        """
        self.t = self.t + 1
        for layer in self.model.linear_layers:
            layer.mW = (self.beta1 * layer.mW) + ((1 - self.beta1) * layer.dW)
            layer.vW = (self.beta2 * layer.vW) + ((1 - self.beta2) * np.square(layer.dW))
            layer.mb = (self.beta1 * layer.mb) + ((1 - self.beta1) * layer.db)
            layer.vb = (self.beta2 * layer.vb) + ((1 - self.beta2) * np.square(layer.db))

            mW_hat = layer.mW / (1 - self.beta1 ** self.t)
            vW_hat = layer.vW / (1 - self.beta2 ** self.t)
            mb_hat = layer.mb / (1 - self.beta1 ** self.t)
            vb_hat = layer.vb / (1 - self.beta2 ** self.t)

            layer.W = layer.W - (self.lr * mW_hat) / (np.sqrt(vW_hat) + self.eps)
            layer.b = layer.b - (self.lr * mb_hat) / (np.sqrt(vb_hat) + self.eps)
