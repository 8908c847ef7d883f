"""Scaled dot-product attention, with one head and with several."""

import torch


def attention(q, k, v, causal=False):
    """Return softmax(q k^T / sqrt(D)) v, without torch's own attention.

    q: shape (..., T, D). k: shape (..., S, D). v: shape (..., S, E).
    causal: whether position t sees only the keys 0 to t.
    """
    # BEGIN SOLUTION
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        later = torch.ones_like(scores, dtype=torch.bool).triu(diagonal=1)
        scores = scores.masked_fill(later, float("-inf"))
    return torch.softmax(scores, dim=-1) @ v
    # END SOLUTION


def split_heads(x, heads):
    """Return x of shape (N, T, heads * D) as shape (N, heads, T, D)."""
    # BEGIN SOLUTION
    return x.unflatten(2, (heads, -1)).transpose(1, 2)
    # END SOLUTION


def merge_heads(x):
    """Return x of shape (N, heads, T, D) as shape (N, T, heads * D): the inverse of split_heads."""
    # BEGIN SOLUTION
    return x.transpose(1, 2).flatten(2)
    # END SOLUTION
