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
        # TODO: implement Linear.forward
        raise NotImplementedError("Linear.forward")

    @staticmethod
    def backward(dout, cache):
        """Return (dx, dw, db) for dout (N, M), in the shapes (N, D), (D, M) and (M,) of forward's arguments.

        dx = dout Wᵀ,  dw = Xᵀ dout,  db = the sum of dout's rows. Sums over the batch are not divided by N: the
        loss has done so.
        """
        # TODO: implement Linear.backward
        raise NotImplementedError("Linear.backward")


class ReLU:
    """Y = max(X, 0) (the summary's equation 2)."""

    @staticmethod
    def forward(x):
        """Return (out, cache): out in the shape of x, whatever that is; x itself stays as it is."""
        # TODO: implement ReLU.forward
        raise NotImplementedError("ReLU.forward")

    @staticmethod
    def backward(dout, cache):
        """Return dx = dout where x > 0 and 0 elsewhere, in the shape of x."""
        # TODO: implement ReLU.backward
        raise NotImplementedError("ReLU.backward")


class LinearReLU:
    """Y = max(X W + b, 0): Linear and ReLU as one module, the repeated piece of a net."""

    @staticmethod
    def forward(x, w, b):
        """Return (out, cache): out (N, M) for x (N, D), w (D, M) and b (M,)."""
        # TODO: implement LinearReLU.forward
        raise NotImplementedError("LinearReLU.forward")

    @staticmethod
    def backward(dout, cache):
        """Return (dx, dw, db) for dout (N, M), in the shapes of forward's arguments."""
        # TODO: implement LinearReLU.backward
        raise NotImplementedError("LinearReLU.backward")


def softmax_loss(scores, y):
    """Return (loss, dscores) of softmax and cross-entropy, a mean over the batch.

    scores (N, C) are real numbers, y (N,) integer classes in 0..C−1. With p = exp(s) / Σ_k exp(s_k) along each row:

    loss    = −1/N Σ_i log p[i, y_i], a scalar
    dscores = ∂loss/∂scores = (p − onehot(y)) / N, shape (N, C)
    """
    # TODO: implement softmax_loss
    raise NotImplementedError("softmax_loss")
