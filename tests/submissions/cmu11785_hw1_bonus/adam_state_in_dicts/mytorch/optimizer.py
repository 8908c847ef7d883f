import numpy as np
from collections import defaultdict


class adam:
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.lr = model.lr
        self.beta1, self.beta2 = beta1, beta2
        self.eps = eps
        self.t = 0
        self.M = defaultdict(float)   # 0.0 broadcasts to anything
        self.V = defaultdict(float)

    def step(self):
        self.t += 1
        b1, b2 = self.beta1, self.beta2
        for k, layer in enumerate(self.model.linear_layers):
            params = {"W": layer.W, "b": layer.b}
            grads = {"W": layer.dW, "b": layer.db}
            for name in params:
                key = str(k) + name
                self.M[key] = b1 * self.M[key] + (1 - b1) * grads[name]
                self.V[key] = b2 * self.V[key] + (1 - b2) * grads[name] ** 2
                upd = (self.M[key] / (1 - b1 ** self.t)) / (np.sqrt(self.V[key] / (1 - b2 ** self.t)) + self.eps)
                params[name] = params[name] - self.lr * upd
            layer.W = params["W"]
            layer.b = params["b"]
