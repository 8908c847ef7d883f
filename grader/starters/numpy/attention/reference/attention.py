"""Scaled dot-product attention, with one head and with several."""

import numpy as np


def softmax(x):
    """Return softmax over the last axis; subtract the greatest value first, because np.exp overflows."""
    # BEGIN SOLUTION
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
    # END SOLUTION


def attention(q, k, v, causal=False):
    """Return softmax(q k^T / sqrt(D)) v.

    q: shape (..., T, D). k: shape (..., S, D). v: shape (..., S, E).
    causal: whether position t sees only the keys 0 to t.
    """
    # BEGIN SOLUTION
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    return softmax(scores) @ v
    # END SOLUTION


def split_heads(x, heads):
    """Return x of shape (N, T, heads * D) as shape (N, heads, T, D)."""
    # BEGIN SOLUTION
    count, length, size = x.shape
    return x.reshape(count, length, heads, size // heads).transpose(0, 2, 1, 3)
    # END SOLUTION
