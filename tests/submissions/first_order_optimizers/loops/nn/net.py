import numpy as np

from .layers import Linear, LinearReLU, softmax_loss


class FullyConnectedNet:
    def __init__(self, dims, reg=0.0, dropout=None, regularizer="l2", weight_scale=1e-2):
        if regularizer not in ("l1", "l2"):
            raise ValueError(regularizer)
        self.dims, self.reg, self.dropout, self.kind = dims, reg, dropout, regularizer
        self.params = {}
        for i in range(len(dims) - 1):
            self.params["W%d" % (i + 1)] = weight_scale * np.random.randn(dims[i], dims[i + 1])
            self.params["b%d" % (i + 1)] = np.zeros(dims[i + 1])

    def loss(self, X, y=None):
        L = len(self.dims) - 1
        h = X
        caches = {}
        for i in range(1, L + 1):
            W, b = self.params["W%d" % i], self.params["b%d" % i]
            if i == L:
                h, caches[i] = Linear.forward(h, W, b)
            else:
                h, caches[i] = LinearReLU.forward(h, W, b)
                if self.dropout:
                    h, caches["drop", i] = self.dropout.forward(h, y is not None)
        if y is None:
            return h
        loss, dh = softmax_loss(h, y)
        grads = {}
        for i in range(L, 0, -1):
            if i == L:
                dh, dW, db = Linear.backward(dh, caches[i])
            else:
                if self.dropout:
                    dh = self.dropout.backward(dh, caches["drop", i])
                dh, dW, db = LinearReLU.backward(dh, caches[i])
            W = self.params["W%d" % i]
            if self.kind == "l2":
                loss += self.reg * np.sum(W**2)
                dW += 2 * self.reg * W
            else:
                loss += self.reg * np.sum(np.abs(W))
                dW += self.reg * np.sign(W)
            grads["W%d" % i], grads["b%d" % i] = dW, db
        return loss, grads
