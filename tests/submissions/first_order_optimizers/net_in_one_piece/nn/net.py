"""A net in one piece: no layers of the other file, no regulariser functions."""

import numpy as np

rng = np.random.default_rng()


class FullyConnectedNet:
    def __init__(self, dims, reg=0.0, dropout=None, regularizer="l2", weight_scale=1e-2):
        assert regularizer in ("l1", "l2"), "unknown regularizer"
        self.reg = reg
        self.dropout = dropout
        self.power = 1 if regularizer == "l1" else 2
        self.depth = len(dims) - 1
        self.params = {}
        for i, (rows, columns) in enumerate(zip(dims[:-1], dims[1:]), 1):
            self.params[f"b{i}"] = np.zeros(columns)
            self.params[f"W{i}"] = rng.normal(0.0, weight_scale, (rows, columns))

    def loss(self, X, y=None):
        P = self.params
        inputs, positives, masks = [X], [], []
        for i in range(1, self.depth):
            z = inputs[-1] @ P[f"W{i}"] + P[f"b{i}"]
            h = np.where(z > 0, z, 0)
            if self.dropout is not None:
                h, mask = self.dropout.forward(h, train=y is not None)
                masks.append(mask)
            positives.append(z > 0)
            inputs.append(h)
        scores = inputs[-1] @ P[f"W{self.depth}"] + P[f"b{self.depth}"]
        if y is None:
            return scores
        logsum = np.log(np.exp(scores - scores.max()).sum(axis=1)) + scores.max()
        N = len(y)
        loss = float(np.mean(logsum - scores[np.arange(N), y]))
        d = np.exp(scores - logsum[:, None])
        d[np.arange(N), y] -= 1
        d = d / N
        grads = {}
        for i in range(self.depth, 0, -1):
            W = P[f"W{i}"]
            loss += self.reg * float((np.abs(W) ** self.power).sum())
            grads[f"W{i}"] = inputs[i - 1].T @ d + self.reg * self.power * np.abs(W) ** (self.power - 1) * np.sign(W)
            grads[f"b{i}"] = d.sum(0)
            d = d @ W.T
            if i > 1:
                if self.dropout is not None:
                    d = self.dropout.backward(d, masks[i - 2])
                d = d * positives[i - 2]
        return loss, grads
