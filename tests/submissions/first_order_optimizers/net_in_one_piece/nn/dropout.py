import numpy as np


class _Base:
    def __init__(self, p):
        if p <= 0 or p > 1:
            raise ValueError("p must be in (0, 1]")
        self.keep_prob = p
        self.generator = np.random.default_rng()

    def backward(self, dout, cache):
        return dout * cache


class VanillaDropout(_Base):
    def forward(self, x, train=True):
        if train:
            kept = self.generator.random(x.shape) <= self.keep_prob
        else:
            kept = np.full(x.shape, self.keep_prob)
        return np.where(kept, x * kept, 0.0), kept


class InvertedDropout(_Base):
    def forward(self, x, train=True):
        kept = np.ones(x.shape, dtype=np.float32)
        if train:
            kept = np.random.binomial(1, self.keep_prob, x.shape).astype(np.float32) / self.keep_prob
        return x * kept, kept
