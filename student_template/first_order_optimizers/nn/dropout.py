"""The two kinds of dropout. In both, p is the probability that a unit is *kept*, and one is drawn like this:

    mask = np.random.rand(*x.shape) < p

That is one draw in each forward() in training, made for p = 1 too, and none in evaluation. An object holds p alone:
what backward() needs is in the cache, so one object may serve every layer of a net.
"""

import numpy as np


class VanillaDropout:
    """Drops in training, and scales by p in evaluation, so that both have the same mean."""

    def __init__(self, p):
        """Keep p, 0 < p <= 1; ValueError for any other."""
        if not 0 < p <= 1:
            raise ValueError(f"p is the probability of keeping a unit, 0 < p <= 1, but it is {p}")
        self.p = p

    def forward(self, x, train=True):
        """Return (out, cache) for x of any shape: out = x · mask in training, p · x in evaluation; x stays as it is."""
        # TODO: implement VanillaDropout.forward
        raise NotImplementedError("VanillaDropout.forward")

    def backward(self, dout, cache):
        """Return dx in the shape of x: dout · mask after a forward() in training, p · dout after an evaluation."""
        # TODO: implement VanillaDropout.backward
        raise NotImplementedError("VanillaDropout.backward")


class InvertedDropout:
    """Drops and divides by p in training, so that evaluation has nothing to do."""

    def __init__(self, p):
        """Keep p, 0 < p <= 1; ValueError for any other."""
        if not 0 < p <= 1:
            raise ValueError(f"p is the probability of keeping a unit, 0 < p <= 1, but it is {p}")
        self.p = p

    def forward(self, x, train=True):
        """Return (out, cache) for x of any shape: out = x · mask / p in training, x in evaluation; x stays as it is."""
        # TODO: implement InvertedDropout.forward
        raise NotImplementedError("InvertedDropout.forward")

    def backward(self, dout, cache):
        """Return dx in the shape of x: dout · mask / p after a forward() in training, dout after an evaluation."""
        # TODO: implement InvertedDropout.backward
        raise NotImplementedError("InvertedDropout.backward")
