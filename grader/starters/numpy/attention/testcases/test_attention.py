"""Attention: the lengths of queries and keys differ, so that an axis that was mixed up is found."""

import pytest

from grader.testing import number, visibility, weight


def draw(rng, *shape):
    return rng.normal(size=shape)


@weight(1)
@number("2.1")
@pytest.mark.parametrize("size", [1.0, 1000.0], ids=["small", "large"])
def test_softmax(submission, rng, check, size):
    """softmax over the last axis"""
    check("softmax(x)", submission.attention.softmax(size * draw(rng, 3, 4, 5)))


@weight(3)
@number("2.2")
def test_attention(submission, rng, check):
    """attention"""
    q, k, v = draw(rng, 2, 5, 6), draw(rng, 2, 7, 6), draw(rng, 2, 7, 3)
    check("attention(q, k, v)", submission.attention.attention(q, k, v))


@weight(2)
@number("2.3")
@visibility("hidden")
@pytest.mark.parametrize("batch", [(2,), (2, 3)], ids=["one axis", "two axes"])
def test_causal(submission, rng, check, batch):
    """attention that doesn't see later positions, for batches of one and of two axes"""
    q, k, v = draw(rng, *batch, 6, 4), draw(rng, *batch, 5, 4), draw(rng, *batch, 5, 3)
    check("attention(q, k, v, causal=True)", submission.attention.attention(q, k, v, causal=True))


@weight(2)
@number("2.4")
def test_split_heads(submission, rng, check):
    """split_heads"""
    check("split_heads(x, 3)", submission.attention.split_heads(draw(rng, 2, 5, 12), 3))
