import numpy as np

class adam(object):
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = model.lr
        self.t = 0
        # one entry per layer: [W, b]
        self.first = []
        self.second = []
        for l in model.linear_layers:
            self.first.append([np.zeros(l.W.shape), np.zeros(l.b.shape)])
            self.second.append([np.zeros(l.W.shape), np.zeros(l.b.shape)])

    def update_one(self, w, g, m, v):
        m = self.beta1 * m + (1. - self.beta1) * g
        v = self.beta2 * v + (1. - self.beta2) * g ** 2
        mh = m / (1. - self.beta1 ** self.t)
        vh = v / (1. - self.beta2 ** self.t)
        return w - self.lr * mh / (vh + self.eps) ** 0.5, m, v

    def step(self):
        self.t += 1
        for i in range(len(self.model.linear_layers)):
            l = self.model.linear_layers[i]
            l.W, self.first[i][0], self.second[i][0] = self.update_one(l.W, l.dW, self.first[i][0], self.second[i][0])
            l.b, self.first[i][1], self.second[i][1] = self.update_one(l.b, l.db, self.first[i][1], self.second[i][1])
