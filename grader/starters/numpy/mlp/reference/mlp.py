"""A multi-layer perceptron: a linear layer, ReLU, and the loss."""

import numpy as np


class Linear:
    """y = x @ W + b, for x of shape (N, D), W of shape (D, M) and b of shape (M,)."""

    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW, self.db = None, None

    def forward(self, x):
        """Return y, of shape (N, M), and keep what backward needs."""
        # BEGIN SOLUTION
        self.x = x
        return x @ self.W + self.b
        # END SOLUTION

    def backward(self, delta):
        """Set dW and db, the gradients of W and b, and return the gradient of x; delta has the shape of y."""
        # BEGIN SOLUTION
        self.dW = self.x.T @ delta
        self.db = np.sum(delta, axis=0)
        return delta @ self.W.T
        # END SOLUTION


class ReLU:
    """y = max(x, 0), element by element."""

    def forward(self, x):
        """Return y, and keep what backward needs."""
        # BEGIN SOLUTION
        self.positive = x > 0
        return x * self.positive
        # END SOLUTION

    def backward(self, delta):
        """Return the gradient of x."""
        # BEGIN SOLUTION
        return delta * self.positive
        # END SOLUTION


def softmax_loss(scores, labels):
    """Return the mean cross-entropy of softmax, and its gradient with respect to the scores.

    scores: shape (N, C); may be large, so subtract the greatest of each row before np.exp.
    labels: shape (N,), whole numbers from 0 to C - 1.
    """
    # BEGIN SOLUTION
    count = len(scores)
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    loss = -np.mean(logs[np.arange(count), labels])
    gradient = np.exp(logs)
    gradient[np.arange(count), labels] -= 1
    return loss, gradient / count
    # END SOLUTION
