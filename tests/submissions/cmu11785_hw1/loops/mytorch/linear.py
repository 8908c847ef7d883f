import numpy as np


class Linear:
    def __init__(self, n_in, n_out, weight_init_fn, bias_init_fn):
        self.n_in, self.n_out = n_in, n_out
        # bias first: nothing says which of the two is drawn first
        self.b = bias_init_fn(n_out)
        self.W = weight_init_fn(n_in, n_out)
        self.dW = np.zeros((n_in, n_out))
        self.db = np.zeros((1, n_out))
        self.momentum_W = np.zeros((n_in, n_out))
        self.momentum_b = np.zeros((1, n_out))

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.batch = [row for row in x]
        out = np.zeros((len(x), self.n_out))
        for k, row in enumerate(x):
            for j in range(self.n_out):
                out[k, j] = sum(row[i] * self.W[i, j] for i in range(self.n_in)) + self.b[0, j]
        return out

    def backward(self, delta):
        dW = np.zeros((self.n_in, self.n_out))
        db = np.zeros((1, self.n_out))
        dx = []
        for row, d in zip(self.batch, delta):
            dW += np.outer(row, d)
            db[0] += d
            dx.append(self.W @ d)
        self.dW = dW / len(self.batch)
        self.db = db / len(self.batch)
        return np.array(dx)
