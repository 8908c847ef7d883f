import numpy as np


class BatchNorm(object):
    def __init__(self, in_feature, alpha=0.9):
        self.alpha = alpha
        self.eps = 1e-8
        self.x = None
        self.norm = None
        self.out = None
        self.mean = np.zeros((1, in_feature))
        self.var = np.ones((1, in_feature))
        self.gamma = np.ones((1, in_feature))
        self.dgamma = np.zeros((1, in_feature))
        self.beta = np.zeros((1, in_feature))
        self.dbeta = np.zeros((1, in_feature))
        self.running_mean = np.zeros((1, in_feature))
        self.running_var = np.ones((1, in_feature))

    def __call__(self, x, eval=False):
        return self.forward(x, eval)

    def forward(self, x, eval=False):
        self.x = x
        if eval:
            self.norm = (x - self.running_mean) / np.sqrt(self.running_var + self.eps)
            return self.gamma * self.norm + self.beta
        m = x.shape[0]
        self.mean = np.sum(x, axis=0, keepdims=True) / m
        self.var = np.sum((x - self.mean) ** 2, axis=0, keepdims=True) / m
        self.norm = (x - self.mean) / np.sqrt(self.var + self.eps)
        self.out = self.gamma * self.norm + self.beta
        self.running_mean = self.alpha * self.running_mean + (1 - self.alpha) * self.mean
        self.running_var = self.alpha * self.running_var + (1 - self.alpha) * self.var
        return self.out

    def backward(self, delta):
        m = delta.shape[0]
        self.dgamma = np.sum(self.norm * delta, axis=0, keepdims=True)
        self.dbeta = np.sum(delta, axis=0, keepdims=True)
        dnorm = self.gamma * delta
        dvar = -0.5 * np.sum(dnorm * (self.x - self.mean) * (self.var + self.eps) ** (-3 / 2), axis=0)
        dmean = -np.sum(dnorm * (self.var + self.eps) ** (-1 / 2), axis=0)
        dmean = dmean - 2 / m * dvar * np.sum(self.x - self.mean, axis=0)
        dx = dnorm * (self.var + self.eps) ** (-1 / 2)
        return dx + dvar * 2 / m * (self.x - self.mean) + dmean / m
