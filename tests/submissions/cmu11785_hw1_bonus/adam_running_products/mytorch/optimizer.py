import numpy as np

class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = model.lr
        self.t = 0
        self.b1t = 1
        self.b2t = 1

    def step(self):
        self.t += 1
        self.b1t *= self.beta1
        self.b2t *= self.beta2
        for layer in reversed(self.model.linear_layers):
            layer.mW += (1 - self.beta1) * (layer.dW - layer.mW)
            layer.mb += (1 - self.beta1) * (layer.db - layer.mb)
            layer.vW += (1 - self.beta2) * (layer.dW * layer.dW - layer.vW)
            layer.vb += (1 - self.beta2) * (layer.db * layer.db - layer.vb)
            layer.W = layer.W - self.lr / (1 - self.b1t) * layer.mW / np.sqrt(layer.vW / (1 - self.b2t) + self.eps)
            layer.b = layer.b - self.lr / (1 - self.b1t) * layer.mb / np.sqrt(layer.vb / (1 - self.b2t) + self.eps)
