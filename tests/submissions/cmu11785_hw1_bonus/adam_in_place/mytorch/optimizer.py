import numpy as np

class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0

    def step(self):
        self.t += 1
        lr, b1, b2 = self.lr, self.beta1, self.beta2
        for l in self.model.linear_layers:
            l.mW *= b1
            l.mW += (1 - b1) * l.dW
            l.mb *= b1
            l.mb += (1 - b1) * l.db
            # dW isn't needed any more after this
            l.dW **= 2
            l.db **= 2
            l.vW *= b2
            l.vW += (1 - b2) * l.dW
            l.vb *= b2
            l.vb += (1 - b2) * l.db
            l.W -= lr * (l.mW / (1 - b1 ** self.t)) / np.sqrt(l.vW / (1 - b2 ** self.t) + self.eps)
            l.b -= lr * (l.mb / (1 - b1 ** self.t)) / np.sqrt(l.vb / (1 - b2 ** self.t) + self.eps)
