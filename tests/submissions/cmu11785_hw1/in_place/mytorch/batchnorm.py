import numpy as np


class BatchNorm(object):
    def __init__(self, in_feature, alpha=0.9):
        self.alpha = alpha
        self.eps = 1e-8
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
        if eval:
            x -= self.running_mean
            x /= np.sqrt(self.running_var + self.eps)
            x *= self.gamma
            x += self.beta
            return x
        self.mean = np.mean(x, axis=0, keepdims=True)
        self.var = np.var(x, axis=0, keepdims=True)
        self.running_mean *= self.alpha
        self.running_mean += (1 - self.alpha) * self.mean
        self.running_var *= self.alpha
        self.running_var += (1 - self.alpha) * self.var
        x -= self.mean
        x /= np.sqrt(self.var + self.eps)
        self.norm = x.copy()
        x *= self.gamma
        x += self.beta
        return x

    def backward(self, delta):
        self.dbeta += delta.sum(axis=0, keepdims=True)
        self.dgamma += (delta * self.norm).sum(axis=0, keepdims=True)
        delta *= self.gamma
        centred = delta - delta.mean(axis=0)
        centred -= self.norm * (delta * self.norm).mean(axis=0)
        centred /= np.sqrt(self.var + self.eps)
        return centred
