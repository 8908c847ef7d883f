"""A fully-connected net of any depth: (L − 1) × {Linear, ReLU, [dropout]}, then Linear and softmax."""

import numpy as np

from .layers import Linear, LinearReLU, softmax_loss


def l1(w):
    """Return (R, ∂R/∂w) for R = Σ |w|: a scalar, and sign(w) in the shape of w."""
    # TODO: implement l1
    raise NotImplementedError("l1")


def l2(w):
    """Return (R, ∂R/∂w) for R = Σ w², without a factor ½: a scalar, and 2 w in the shape of w."""
    # TODO: implement l2
    raise NotImplementedError("l2")


REGULARIZERS = {"l1": l1, "l2": l2}


class FullyConnectedNet:
    """An L-layer classifier with L1 or L2 regularisation.

    params is a dict of float64 arrays: W1 (dims[0], dims[1]), b1 (dims[1],), ..., WL, bL. An optimiser may change
    the arrays in place or put new ones into the dict; the next loss() uses what it finds there.
    """

    def __init__(self, dims, reg=0.0, dropout=None, regularizer="l2", weight_scale=1e-2):
        """Build the parameters for dims = [D, H1, ..., C]: L = len(dims) − 1 layers, at least one.

        reg          λ, the strength of the regulariser
        dropout      None, or one VanillaDropout or InvertedDropout, applied after every ReLU and nowhere else
        regularizer  "l2" or "l1"; ValueError for any other
        weight_scale W_i = np.random.normal(scale=weight_scale, size=(dims[i − 1], dims[i])), drawn in the order
                     W1, W2, ..., WL with nothing else drawn; biases start at zero
        """
        if regularizer not in REGULARIZERS:
            raise ValueError(f'regularizer must be "l1" or "l2", but it is {regularizer!r}')
        self.dims = list(dims)
        self.num_layers = len(self.dims) - 1
        self.reg = reg
        self.dropout = dropout
        self.regularizer = regularizer
        self.params = {}
        # TODO: implement FullyConnectedNet.__init__
        raise NotImplementedError("FullyConnectedNet.__init__")

    def loss(self, X, y=None):
        """Return the scores, or the loss and its gradients, for a batch X (N, D).

        Without y: the scores (N, C), real numbers before the softmax, with dropout in evaluation.
        With y, integer classes (N,): (loss, grads), with dropout in training. loss is the scalar

            L = 1/N Σ_i −log softmax(scores_i)[y_i] + λ Σ_layers R(W)

        with R = l1 or l2 as above, and grads a dict of ∂L/∂params with the keys and shapes of params. Weights are
        regularised, biases are not.
        """
        # TODO: implement FullyConnectedNet.loss
        raise NotImplementedError("FullyConnectedNet.loss")
