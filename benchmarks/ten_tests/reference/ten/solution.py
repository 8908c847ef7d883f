"""What the ten tests are about: a layer, an activation, dropout and two optimisers."""

import numpy as np


class Linear:
    """y = x W + b for rows x; backward returns the gradients of x, W and b."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        """(N, D) -> (N, M)."""
        # BEGIN SOLUTION
        self.x = x
        return x @ self.W + self.b
        # END SOLUTION

    def backward(self, delta):
        """(N, M) -> (N, D), (D, M), (M,)."""
        # BEGIN SOLUTION
        return delta @ self.W.T, self.x.T @ delta, delta.sum(axis=0)
        # END SOLUTION


def relu(x):
    """max(x, 0), element by element."""
    # BEGIN SOLUTION
    return np.maximum(x, 0.0)
    # END SOLUTION


def softmax(x):
    """Rows that sum to 1."""
    # BEGIN SOLUTION
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    # END SOLUTION


def dropout(x, keep):
    """Inverted dropout with np.random.binomial."""
    # BEGIN SOLUTION
    return x * np.random.binomial(1, keep, x.shape) / keep
    # END SOLUTION


def momentum(w, gradients, lr, mu):
    """Return w after one step for each gradient: v = mu v - lr g; w = w + v."""
    # BEGIN SOLUTION
    v = np.zeros_like(w)
    for g in gradients:
        v = mu * v - lr * g
        w = w + v
    return w
    # END SOLUTION


def adam(w, gradients, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return w after one step of Adam for each gradient."""
    # BEGIN SOLUTION
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w
    # END SOLUTION
