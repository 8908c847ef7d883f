"""Attention: the lengths of queries and keys differ, so that an axis that was mixed up is found."""

import torch

from grader.testing import number, visibility, weight


def draw(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).float()


@weight(3)
@number("2.1")
def test_attention(submission, rng, check):
    """attention"""
    q, k, v = draw(rng, 2, 5, 6), draw(rng, 2, 7, 6), draw(rng, 2, 7, 3)
    check("attention(q, k, v)", submission.attention.attention(q, k, v))


@weight(2)
@number("2.2")
@visibility("hidden")
def test_causal(submission, rng, check):
    """attention that doesn't see later positions"""
    q, k, v = draw(rng, 2, 3, 6, 4), draw(rng, 2, 3, 6, 4), draw(rng, 2, 3, 6, 5)
    check("attention(q, k, v, causal=True)", submission.attention.attention(q, k, v, causal=True))


@weight(2)
@number("2.3")
def test_split_heads(submission, rng, check):
    """split_heads"""
    check("split_heads(x, 3)", submission.attention.split_heads(draw(rng, 2, 5, 12), 3))


@weight(1)
@number("2.4")
def test_merge_heads(submission, rng, check):
    """merge_heads"""
    check("merge_heads(x)", submission.attention.merge_heads(draw(rng, 2, 3, 5, 4)))
