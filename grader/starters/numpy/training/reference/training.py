"""A training loop: batches, a step, and early stopping."""

import numpy as np


def batches(x, y, size, order):
    """Return a list of pairs (x of a batch, y of a batch); the last batch may be smaller.

    x: shape (N, ...). y: shape (N,). size: rows of a batch. order: a permutation of the rows.
    """
    # BEGIN SOLUTION
    pieces = [order[start : start + size] for start in range(0, len(order), size)]
    return [(x[piece], y[piece]) for piece in pieces]
    # END SOLUTION


def train(w, x, y, lr, epochs, decay=0.0):
    """Fit x @ w to y by gradient descent; return the weights and the loss before each epoch.

    The loss is the mean of (x @ w - y)**2 over the rows, plus decay * the sum of w**2. w isn't changed in place.
    """
    # BEGIN SOLUTION
    losses = []
    for _ in range(epochs):
        error = x @ w - y
        losses.append(np.mean(error**2) + decay * np.sum(w**2))
        w = w - lr * (2 * x.T @ error / len(x) + 2 * decay * w)
    return w, np.array(losses)
    # END SOLUTION


def stops_at(losses, patience):
    """Return the epoch after which training stops: the loss hasn't fallen below its least for `patience` epochs.

    losses: of the epochs, in order. If training never stops early, return the number of the last epoch, from 0.
    """
    # BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return epoch
    return len(losses) - 1
    # END SOLUTION
