import numpy as np

class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps = 1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0
        self.m, self.v = [], []
        for layer in model.linear_layers:
            self.m.append([np.zeros(layer.W.shape, np.float32), np.zeros(layer.b.shape, np.float32)])
            self.v.append([np.zeros(layer.W.shape, np.float32), np.zeros(layer.b.shape, np.float32)])

    def step(self):
        self.t += 1
        c1 = 1 - self.beta1 ** self.t
        c2 = 1 - self.beta2 ** self.t
        for k, layer in enumerate(self.model.linear_layers):
            grads = [layer.dW.astype(np.float32), layer.db.astype(np.float32)]
            steps = []
            for j in range(2):
                self.m[k][j] = self.beta1 * self.m[k][j] + (1 - self.beta1) * grads[j]
                self.v[k][j] = self.beta2 * self.v[k][j] + (1 - self.beta2) * grads[j] ** 2
                steps.append(self.lr * (self.m[k][j] / c1) / np.sqrt(self.v[k][j] / c2 + self.eps))
            layer.W = layer.W - steps[0]
            layer.b = layer.b - steps[1]
