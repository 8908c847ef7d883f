"""Layers of the tests' own, on which the net is tested alone: points that a layer has lost aren't lost here again.

They have the interface of nn/layers.py and none of its formulas, and backward isn't even forward's derivative. What
comes out shows which layer was called with what, in which order, and that is all that a net has to get right.

A net may be written in a way that the stand-ins don't fit: without some of these names, or with a hand in the caches.
Then the submission's own layers are used; the fixtures hold what a right net does on those too.
"""

import numpy as np

from grader.testing import on_decoys


class _Cache:
    """Can't be unpacked, indexed or read but by the stand-ins."""

    __slots__ = ("_values",)

    def __init__(self, *values):
        self._values = values


class _Layers:
    """The names of nn/layers.py, and how often each was called."""

    def __init__(self):
        self.linears = self.relus = self.backwards = self.losses = 0
        layers = self

        class Linear:
            @staticmethod
            def forward(x, w, b):
                layers.linears += 1
                return np.sin(x.mean(axis=1, keepdims=True) + 3 * w.mean(axis=0)) + b, _Cache(x, w)

            @staticmethod
            def backward(dout, cache):
                layers.backwards += 1
                x, w = cache._values
                dx = np.cos(dout.max(axis=1, keepdims=True) + w.mean(axis=1))
                return dx, 0.3 + np.outer(x.max(axis=0), dout.mean(axis=0)), dout.mean(axis=0) - 0.2

        class ReLU:
            @staticmethod
            def forward(x):
                layers.relus += 1
                return np.tanh(x) * 1.2, _Cache(x)

            @staticmethod
            def backward(dout, cache):
                return dout * (0.4 + cache._values[0])

        class LinearReLU:
            @staticmethod
            def forward(x, w, b):
                hidden, first = Linear.forward(x, w, b)
                out, second = ReLU.forward(hidden)
                return out, _Cache(first, second)

            @staticmethod
            def backward(dout, cache):
                first, second = cache._values
                return Linear.backward(ReLU.backward(dout, second), first)

        def softmax_loss(scores, y):
            layers.losses += 1
            scale = 0.1 + np.arange(len(y))[:, None] + y[:, None]
            return float((scores * scale).sum()), scores / scale

        self.names = {"Linear": Linear, "ReLU": ReLU, "LinearReLU": LinearReLU, "softmax_loss": softmax_loss}

    def fit(self, depth, evaluations, trainings):
        """Whether a net of `depth` layers used the stand-ins for everything, in so many calls of its loss()."""
        calls = evaluations + trainings
        wanted = (depth * calls, (depth - 1) * calls, depth * trainings, trainings)
        return (self.linears, self.relus, self.backwards, self.losses) == wanted


def on_stand_ins(submission, scenario, depth, evaluations=0, trainings=0):
    """Return scenario(net_class), run on stand-ins, or on the submission's own layers where those don't fit.

    Args:
        submission: the hand-in.
        scenario: gets the class to build nets from. It may be run twice, so it draws nothing from rng.
        depth: how many layers the net has.
        evaluations: how often the scenario calls loss() without labels.
        trainings: how often it does so with labels.
    """
    layers = _Layers()
    return on_decoys(
        "nn.layers",
        layers.names,
        lambda: scenario(submission("nn.net").FullyConnectedNet),
        used=lambda: layers.fit(depth, evaluations, trainings),
    )


def stand_in_dropout(submission):
    """A dropout without a draw, whose backward has a factor of its own; an InvertedDropout for nets that ask."""
    try:
        base = submission("nn.dropout").InvertedDropout
    except Exception:  # no dropout at all, or one that can't be imported: that is for another part to say
        base = object

    class StandInDropout(base):
        def __init__(self):
            self.p = 0.7

        def forward(self, x, train=True):
            mask = np.arange(x.size).reshape(x.shape) % 3 != 0
            return (x * mask * 1.7, _Cache(mask)) if train else (x * 0.6, _Cache(np.ones(x.shape)))

        def backward(self, dout, cache):
            return dout * cache._values[0] * 1.3

    return StandInDropout()
