import numpy as np

class adam():
    """Adam. see slides lecture 6"""
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0

    def step(self):
        self.t += 1
        alpha_m = 1 / (1 - self.beta1 ** self.t)
        alpha_v = 1 / (1 - self.beta2 ** self.t)
        for ll in self.model.linear_layers:
            ll.mW = self.beta1 * ll.mW + (1 - self.beta1) * ll.dW
            ll.mb = self.beta1 * ll.mb + (1 - self.beta1) * ll.db
            ll.vW = self.beta2 * ll.vW + (1 - self.beta2) * ll.dW ** 2
            ll.vb = self.beta2 * ll.vb + (1 - self.beta2) * ll.db ** 2
            ll.W = ll.W - self.lr * alpha_m * ll.mW / (self.eps + np.sqrt(alpha_v * ll.vW))
            ll.b = ll.b - self.lr * alpha_m * ll.mb / (self.eps + np.sqrt(alpha_v * ll.vb))
