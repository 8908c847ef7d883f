"""Decoys of batch normalisation, on which the spatial one is graded alone: its fault isn't paid for there again.

They have batch normalisation's arguments and none of its formulas, and backward isn't forward's derivative. Their
constants are drawn for each test. The order of rows doesn't matter to them: pictures may be taken apart in any order. A
hand-in that doesn't call them in both passes runs on its own layers; the fixtures hold what a right one does there.
"""

import sys

import numpy as np

from grader.testing import on_decoys


class Decoys:
    """batchnorm_forward and its backward passes, with constants drawn from `rng`."""

    def __init__(self, rng):
        self.lift, self.bend, self.steep, self.keep = rng.uniform(0.4, 1.4, size=4)
        self.forwards = self.backwards = 0

    def forward(self, x, gamma, beta, bn_param):
        self.forwards += 1
        mode, mean, deviation = bn_param["mode"], x.mean(axis=0), x.std(axis=0)
        if mode == "train":
            for name, value in (("running_mean", self.bend * deviation), ("running_var", self.lift + mean)):
                bn_param[name] = self.keep * bn_param.get(name, 0.5) + value
        else:
            mean = bn_param["running_mean"] + bn_param["running_var"]
        out = np.sin(self.bend * x - mean) * (self.lift + gamma) - 0.5 * beta
        return out, _Cache(x, gamma)

    def backward(self, dout, cache):
        self.backwards += 1
        x, gamma = cache.opened
        dx = dout * (self.steep + np.cos(x)) + gamma - dout.max(axis=0)
        return dx, (self.bend * dout + x).sum(axis=0), self.lift - (dout * x).mean(axis=0)


class _Cache:
    """A cache that can't be taken apart."""

    def __init__(self, *opened):
        self.opened = opened


def on_batchnorm(submission, decoys, scenario, *, backward):
    """Return scenario(), with decoys where batch normalisation is; on the hand-in's own where it doesn't call them.

    scenario may be run twice, so it draws nothing. backward: whether it calls a backward pass too.
    """
    module = sys.modules[submission("cs231n.layers").spatial_batchnorm_forward.__module__]
    names = {"batchnorm_forward": decoys.forward}
    names |= dict.fromkeys(("batchnorm_backward", "batchnorm_backward_alt"), decoys.backward)
    return on_decoys(module, names, scenario, used=lambda: decoys.forwards > 0 and (decoys.backwards > 0) == backward)
