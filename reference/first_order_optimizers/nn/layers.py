"""The layers: each forward() returns its output and a cache, and backward() takes that cache.

Data is laid out in rows: a batch x has the shape (N, D), one example a row. A layer keeps no state, so one class
serves every layer of a net. What a cache holds is up to its layer; nobody else looks inside. dtypes are kept:
float64 in, float64 out.
"""

import numpy as np


class Linear:
    """Y = X W + b (the summary's equation 1)."""

    @staticmethod
    def forward(x, w, b):
        """Return (out, cache): out (N, M) for x (N, D), w (D, M) and b (M,)."""
        # BEGIN SOLUTION
        return x @ w + b, (x, w)
        # END SOLUTION

    @staticmethod
    def backward(dout, cache):
        """Return (dx, dw, db) for dout (N, M), in the shapes (N, D), (D, M) and (M,) of forward's arguments.

        dx = dout Wᵀ,  dw = Xᵀ dout,  db = the sum of dout's rows. Sums over the batch are not divided by N: the
        loss has done so.
        """
        # BEGIN SOLUTION
        x, w = cache
        return dout @ w.T, x.T @ dout, dout.sum(axis=0)
        # END SOLUTION


class ReLU:
    """Y = max(X, 0) (the summary's equation 2)."""

    @staticmethod
    def forward(x):
        """Return (out, cache): out in the shape of x, whatever that is; x itself stays as it is."""
        # BEGIN SOLUTION
        return np.maximum(x, 0), x
        # END SOLUTION

    @staticmethod
    def backward(dout, cache):
        """Return dx = dout where x > 0 and 0 elsewhere, in the shape of x."""
        # BEGIN SOLUTION
        return dout * (cache > 0)
        # END SOLUTION


class LinearReLU:
    """Y = max(X W + b, 0): Linear and ReLU as one module, the repeated piece of a net."""

    @staticmethod
    def forward(x, w, b):
        """Return (out, cache): out (N, M) for x (N, D), w (D, M) and b (M,)."""
        # BEGIN SOLUTION
        hidden, linear_cache = Linear.forward(x, w, b)
        out, relu_cache = ReLU.forward(hidden)
        return out, (linear_cache, relu_cache)
        # END SOLUTION

    @staticmethod
    def backward(dout, cache):
        """Return (dx, dw, db) for dout (N, M), in the shapes of forward's arguments."""
        # BEGIN SOLUTION
        linear_cache, relu_cache = cache
        return Linear.backward(ReLU.backward(dout, relu_cache), linear_cache)
        # END SOLUTION


def softmax_loss(scores, y):
    """Return (loss, dscores) of softmax and cross-entropy, a mean over the batch.

    scores (N, C) are real numbers, y (N,) integer classes in 0..C−1. With p = exp(s) / Σ_k exp(s_k) along each row:

    loss    = −1/N Σ_i log p[i, y_i], a scalar
    dscores = ∂loss/∂scores = (p − onehot(y)) / N, shape (N, C)
    """
    # BEGIN SOLUTION
    n = len(scores)
    # softmax(s) = softmax(s − max s), and then no exp can overflow.
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(n), y].mean()
    dscores = np.exp(log_p)
    dscores[np.arange(n), y] -= 1
    return loss, dscores / n
    # END SOLUTION
