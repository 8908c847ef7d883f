"""Layers of the tests' own, on which a net is tested alone: points that a layer has lost aren't lost here again.

They have the methods of LinearMap and ReLU and compute something else: even getW returns other numbers than loadparams
was given. The result shows which layer was called with which arguments, in which order, and a net has to get nothing
else right.

A net may be written in a way that the stand-ins don't fit: without the names LinearMap and ReLU, or with a hand in its
layers' own attributes. Then the submission's own layers are used; the fixtures hold what a right net does on those too.
"""

import sys

import numpy as np
from making import give_helpers

from grader.testing import on_decoys


class StandInLinear:
    """LinearMap's methods; it has no other attribute."""

    __slots__ = ("_W", "_alpha", "_b", "_lr", "_sum_W", "_sum_b", "_x", "forwards", "reads")

    def __init__(self, indim, outdim, alpha=0, lr=0.01):
        self._alpha, self._lr = alpha, lr
        self.loadparams(np.ones((outdim, indim)), np.ones((outdim, 1)))
        self.forwards = self.reads = 0
        self.zerograd()

    def forward(self, x):
        self.forwards += 1
        self._x = np.array(x)
        return np.sin(3 * self._W.mean(axis=1, keepdims=True) + x.mean(axis=0, keepdims=True)) + self._b

    def backward(self, grad_wrt_out):
        g = np.array(grad_wrt_out)
        self._sum_W = self._sum_W + g.mean(axis=1, keepdims=True) * self._x.mean(axis=1)
        self._sum_b = self._sum_b + g.max(axis=1, keepdims=True)
        return np.cos(self._W.mean(axis=0)[:, None] + g.mean(axis=0))

    def step(self):
        self._W = self._W + self._lr * self._sum_W + 0.1 * self._alpha
        self._b = self._b + self._lr * self._sum_b + 0.2 * self._alpha

    def zerograd(self):
        self._sum_W, self._sum_b = np.zeros(self._W.shape), np.zeros(self._b.shape)

    def getW(self):
        self.reads += 1
        return 2.0 * self._W - 0.5

    def getb(self):
        self.reads += 1
        return 0.3 - self._b

    def loadparams(self, w, b):
        self._W, self._b = np.array(w), np.array(b)


class StandInReLU:
    """ReLU's methods, without a draw; it has no other attribute."""

    __slots__ = ("_p", "_x", "dropped")

    def __init__(self, dropout_probability=0):
        self._p = float(dropout_probability)
        self.dropped = float("nan")

    def forward(self, x, train=True):
        self._x = np.array(x)
        self.dropped = self._p if train else 0.0
        return np.tanh(self._x) * (1.0 + self._p if train else 0.7)

    def backward(self, grad_wrt_out):
        return grad_wrt_out * (0.3 + self._x)

    def step(self):
        pass

    def zerograd(self):
        pass


class _Unfit(Exception):
    """The net asks for what no stand-in has."""


def noted(stand_in, own, made):
    """A class like `stand_in` whose new objects are added to the list `made`.

    A net that asks whether a layer has an attribute, and would be told otherwise by the submission's class `own`, is no
    fit.
    """

    class Noted(stand_in):
        __slots__ = ("_arguments",)

        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self._arguments = args, options
            made.append(self)

        def __getattr__(self, name):
            args, options = self._arguments
            try:
                there = hasattr(own(*args, **options), name)
            except Exception:  # a layer that isn't written yet has nothing
                there = False
            if there:
                raise _Unfit
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    return Noted


def on_stand_ins(net_class, layers, scenario, *, reads=False):
    """Return scenario(make, relus), run on stand-ins, or on the submission's own layers where those don't fit.

    Args:
        net_class: SingleLayerMLP or TwoLayerMLP of the submission.
        layers: how many LinearMaps the net has; it has one ReLU less.
        scenario: gets the class to build nets from, and the list of stand-in ReLUs that were built since (None where
            the submission's own layers are used). It may be run twice, so it draws nothing from rng.
        reads: whether the scenario reads the parameters; a net that doesn't ask its layers for them is no fit then.
    """
    module = sys.modules[net_class.__module__]
    give_helpers(module)
    linears, relus = [], []

    # classes under the names of the handout: a net may tell its layers apart by isinstance or by name
    stand_ins = {
        "LinearMap": noted(StandInLinear, vars(module).get("LinearMap"), linears),
        "ReLU": noted(StandInReLU, vars(module).get("ReLU"), relus),
    }
    for name, stand_in in stand_ins.items():
        stand_in.__name__ = stand_in.__qualname__ = name

    def used():
        fit = len(linears) % layers == 0 and len(relus) * layers == len(linears) * (layers - 1)
        return linears and fit and all(layer.forwards and (layer.reads or not reads) for layer in linears)

    return on_decoys(
        module, stand_ins, lambda: scenario(net_class, relus), used=used, own=lambda: scenario(net_class, None)
    )
