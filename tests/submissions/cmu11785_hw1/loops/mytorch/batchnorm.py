import numpy as np


class BatchNorm:
    def __init__(self, in_feature, alpha=0.9):
        self.n = in_feature
        self.alpha = alpha
        self.eps = 1e-8
        for name in ("mean", "dgamma", "beta", "dbeta", "running_mean"):
            setattr(self, name, np.zeros((1, in_feature)))
        for name in ("var", "gamma", "running_var"):
            setattr(self, name, np.ones((1, in_feature)))

    def __call__(self, x, eval=False):
        return self.forward(x, eval)

    def forward(self, x, eval=False):
        out = np.empty(x.shape)
        if not eval:
            self.columns = []
        for j in range(self.n):
            column = x[:, j]
            if eval:
                m, v = self.running_mean[0, j], self.running_var[0, j]
            else:
                m = sum(column) / len(column)
                v = sum((c - m) ** 2 for c in column) / len(column)
                self.mean[0, j], self.var[0, j] = m, v
                self.running_mean[0, j] = self.alpha * self.running_mean[0, j] + (1 - self.alpha) * m
                self.running_var[0, j] = self.alpha * self.running_var[0, j] + (1 - self.alpha) * v
            hat = (column - m) / np.sqrt(v + self.eps)
            if not eval:
                self.columns.append(hat)
            out[:, j] = self.gamma[0, j] * hat + self.beta[0, j]
        return out

    def backward(self, delta):
        dx = np.empty(delta.shape)
        B = len(delta)
        for j, hat in enumerate(self.columns):
            d = delta[:, j]
            self.dbeta[0, j] = d.sum()
            self.dgamma[0, j] = (d * hat).sum()
            scale = self.gamma[0, j] / (B * np.sqrt(self.var[0, j] + self.eps))
            dx[:, j] = scale * (B * d - d.sum() - hat * (d * hat).sum())
        return dx
