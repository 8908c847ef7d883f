"""Bounds for counts under chance alone, so that a whole check keeps its level.

Let m be the 0/1 mask, with P(m = 1) = keep, independently, and a = keep² + (1 − keep)² the probability that two
elements agree. A check applies four groups of laws: exact counts, the structure of each mask, one mask in another, and
equal counts. Each group gets a quarter of FALSE_ALARM, divided by the number of its laws (Bonferroni). So a right
dropout fails a check with probability at most FALSE_ALARM, whatever depends on what.

Exact, for the few laws that matter most:

    kept elements                                ~ Binomial(n, keep)
    elements that agree with those of a second   ~ Binomial(n, a)

A bound, for the many laws of structure. S of E pairs agree. For every θ, by Markov's inequality,

    P(S ≥ s) ≤ exp(Λ(θ) · E − θ · s)  (θ > 0),     P(S ≤ s) the same (θ < 0),     Λ(θ) · E ≥ log E[exp(θ · S)].

Λ follows from the shape of the graph whose edges are the pairs. With z = exp(θ):

    pairs    no element is in two of them: the agreements are independent, and exp(Λ) = 1 − a + a · z
    chains   paths: exp(Λ) = λ₁, the greatest eigenvalue of the symmetric matrix

                 A = | keep · z   r             |
                     | r          (1 − keep) · z |,    r = √(keep · (1 − keep)),

             because a path of e edges has E[z^S] = uᵀ Aᵉ u ≤ λ₁ᵉ, where u = (√keep, √(1 − keep)) has length 1
    rings    paths, and cycles of three edges or more: exp(Λ) = (|λ₁|³ + |λ₂|³)^(1/3), because a cycle of L edges has
             E[z^S] = trace Aᴸ = λ₁ᴸ + λ₂ᴸ, and for L ≥ 3 that is at most (|λ₁|³ + |λ₂|³)^(L/3)

The components of a graph have no element in common, so their agreements are independent, and the bounds multiply.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FALSE_ALARM = 1e-9
"""The greatest probability with which one check rejects a right dropout."""

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Form = Literal["pairs", "chains", "rings"]
"""The kind of components in the graph of some pairs."""

_GROUPS = 4
_THETAS: Array = np.linspace(-14.0, 14.0, 1121)


def level(laws: int) -> float:
    """The probability with which each of the `laws` of one group may reject a right mask."""
    return FALSE_ALARM / _GROUPS / max(laws, 1)


def count_laws(outputs: int) -> int:
    """The number of exact laws of a check: a count for each mask, and a comparison of every two masks."""
    return outputs + outputs * (outputs - 1) // 2


def agreement(keep: float) -> float:
    """The probability that two independent elements are both kept or both dropped."""
    return keep**2 + (1 - keep) ** 2


@lru_cache(256)  # a test needs the same few values several times: for two calls, for two probabilities
def binomial_interval(n: int, p: float, alpha: float) -> tuple[int, int]:
    """Return the narrowest [low, high] with P(X < low) <= alpha/2 and P(X > high) <= alpha/2 for X ~ Binomial(n, p).

    Exact but for rounding: the probabilities are summed from the mass function, without a normal approximation.
    They are summed within 40 standard deviations of the mode; the rest is below 1e-300.
    """
    if not 0.0 < p < 1.0:
        fixed = n if p >= 1.0 else 0
        return fixed, fixed
    mode, reach = int((n + 1) * p), int(40 * math.sqrt(n * p * (1 - p))) + 1000
    k = np.arange(max(mode - reach, 0), min(mode + reach, n) + 1)
    # the ratio of neighbours is (n - k) / (k + 1) * p / (1 - p)
    steps = np.log((n - k[:-1]) / k[1:]) + math.log(p) - math.log1p(-p)
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    mass = np.exp(logs - logs.max())
    mass /= mass.sum()
    low = int(k[0]) + int(np.searchsorted(np.cumsum(mass), alpha / 2, side="right"))
    high = int(k[-1]) - int(np.searchsorted(np.cumsum(mass[::-1]), alpha / 2, side="right"))
    return low, high


def greatest_mass(n: int, p: float) -> float:
    """Return the logarithm of the probability of the likeliest value of Binomial(n, p), 0 < p < 1."""
    mode = min(int((n + 1) * p), n)
    ways = math.lgamma(n + 1) - math.lgamma(mode + 1) - math.lgamma(n - mode + 1)
    return ways + mode * math.log(p) + (n - mode) * math.log1p(-p)


def log_mgf(theta: Array, keep: float, form: Form) -> Array:
    """Return Λ(θ), for 0 < keep < 1: the logarithm of E[exp(θ · S)] is at most Λ(θ) for each pair."""
    z = np.exp(theta)
    if form == "pairs":
        return np.asarray(np.log1p(agreement(keep) * (z - 1)))
    root = np.sqrt(z**2 * (2 * keep - 1) ** 2 + 4 * keep * (1 - keep))
    greatest = (z + root) / 2
    if form == "chains":
        return np.asarray(np.log(greatest))
    ratio = np.abs(z - root) / 2 / greatest
    return np.asarray(np.log(greatest) + np.log1p(ratio**3) / 3)


@lru_cache(64)
def _table(keep: float, form: Form) -> tuple[Array, Array]:
    """For each θ of _THETAS: the share of agreements for which it gives the best bound, and that bound."""
    bound = log_mgf(_THETAS, keep, form)
    shares = np.gradient(bound, _THETAS)
    return shares, np.maximum(_THETAS * shares - bound, 0.0)


def evidence(agreed: Array, pairs: Array, keep: float, form: Form) -> Array:
    """Return e such that a right mask has a count at least as extreme as `agreed`, on its side, with P ≤ exp(−e)."""
    shares, _ = _table(keep, form)
    # the bound holds for every θ, so a θ that is only near the best one makes e smaller, and never wrong
    theta = np.interp(agreed / np.maximum(pairs, 1), shares, _THETAS)
    return np.asarray(theta * agreed - log_mgf(theta, keep, form) * pairs)


def needed(laws: int) -> float:
    """Return the evidence at which one of `laws` laws of structure rejects; each law has two sides."""
    return -math.log(level(laws) / 2)


def limits(pairs: Array, keep: float, form: Form, need: float) -> tuple[Array, Array]:
    """Return the two counts of agreements beyond which the evidence may reach `need`; cheaper than `evidence`."""
    shares, rates = _table(keep, form)
    middle = len(_THETAS) // 2
    rate = need / np.maximum(pairs, 1)
    high = np.interp(rate, rates[middle:], shares[middle:], right=2.0)
    low = np.interp(rate, rates[middle::-1], shares[middle::-1], right=-1.0)
    # one count of slack for the table's steps
    return low * pairs + 1, high * pairs - 1
