"""Decoys of the layers, on which a network is graded alone: points that a layer has lost aren't lost here again.

They have the methods and the caches of the homework's layers and none of its formulas, and backward isn't even
forward's derivative. Their constants are drawn for each test. The values that come out tell which layer was called with
what, in which order, and that is all that a network has to get right.

A network may do some of this work inline. The decoys count how they were called, and the fixtures hold what a right
network of each style in STYLES leaves. A network of another style, or one that takes decoys' caches apart, runs on the
submission's own layers instead, which is the style without any decoy.
"""

import sys
from collections import Counter
from itertools import pairwise

import torch

from grader.testing import on_decoys

MODULE = "fully_connected_networks"
STYLES = ("DDDDDD", "DTDDTD", "DDDDTD", "DDDTTT", "TDTTDT", "DDTDDT", "TTDTTD", "TTTTTT")
"""Whether a network calls a decoy (D) or computes inline (T) the hidden layers' linear part, their ReLU, and the last
layer; three letters for forward, three for backward. Each but the first is a variant of the reference."""
INLINE = "TTTTTT"
MASKED = (*(style for style in STYLES if style[0] + style[2] + style[3] + style[5] == "DDDD"), INLINE)
"""The styles in which masks can be read: from what decoys got and gave, or from gradients where all is inline."""


def _ramp(size, like):
    """Weights that differ, so that a sum with them shows which element came where."""
    return torch.cos(torch.arange(size, dtype=like.dtype)) / size**0.5


class Decoys:
    """Linear, ReLU, Linear_ReLU and Dropout of the tests' own, with their constants drawn from `rng`.

    blind: Linear's output doesn't depend on its input.
    """

    def __init__(self, rng, *, blind=False):
        gain, phase, lift, slope, steep, flat, scale, back, rest = rng.uniform(1.2, 1.9, size=9)
        self.blind = blind
        self.gain, self.phase, self.lift = gain, phase, lift
        self.slope = slope
        self.steep, self.flat = steep, flat - 1
        self.scale, self.back, self.rest = scale, back, rest - 1
        self.calls = Counter()
        self.forwards, self.backwards = [], []
        self.last = None
        """The number of outputs that marks the last layer of a network; None where there is no network."""
        self.classes = {
            "Linear": _methods("Linear", self.linear, self.linear_back),
            "ReLU": _methods("ReLU", self.relu, self.relu_back),
            "Linear_ReLU": _methods("Linear_ReLU", self.pair, self.pair_back),
            "Dropout": _methods("Dropout", self.dropout, self.dropout_back),
        }

    def _count(self, call, outputs):
        self.calls[f"{call}, last" if outputs == self.last else call] += 1

    def linear(self, x, w, b):
        self._count("linear", w.shape[1])
        rows = x.reshape(len(x), -1)
        gain = 0.0 if self.blind else self.gain
        seen = gain * (rows * _ramp(rows.shape[1], rows)).sum(1, keepdim=True) + self.phase
        out = torch.sin(seen + (w * _ramp(len(w), w)[:, None]).sum(0)) + self.lift * b
        self.forwards.append((x.clone(), out.clone()))
        return out, (x, w, b)

    def linear_back(self, dout, cache):
        x, w, _ = cache
        self._count("linear back", w.shape[1])
        columns = _ramp(w.shape[1], dout)
        dx = 2 + torch.sin((dout * columns).sum(1, keepdim=True) + (w * columns).sum(1) + self.phase)
        rows = _ramp(len(x), dout)[:, None]
        db = self.lift * (dout * rows).sum(0) - 0.2
        dw = 0.3 + torch.cos((x.reshape(len(x), -1) * rows).sum(0))[:, None] * (dout * rows.flip(0)).sum(0)
        dx = dx.reshape(x.shape)
        self.backwards.append((dout.clone(), dx.clone()))
        return dx, dw, db

    def relu(self, x):
        self.calls["relu"] += 1
        # zero where x is: a network that goes back by itself may tell by the output which units were on
        return torch.where(x > 0, self.slope * x, torch.zeros_like(x)), x

    def relu_back(self, dout, cache):
        self.calls["relu back"] += 1
        return torch.where(cache > 0, self.steep * dout, self.flat * dout)

    def pair(self, x, w, b):
        hidden, first = self.linear(x, w, b)
        out, second = self.relu(hidden)
        return out, (first, second)

    def pair_back(self, dout, cache):
        first, second = cache
        return self.linear_back(self.relu_back(dout, second), first)

    def dropout(self, x, dropout_param):
        if "seed" in dropout_param:
            torch.manual_seed(dropout_param["seed"])
        if dropout_param["mode"] == "test":
            self.calls["dropout in test mode"] += 1
            return self.rest * x, (dropout_param, torch.full_like(x, self.rest))
        self.calls["dropout"] += 1
        mask = self.scale * (torch.rand(x.shape).square() > dropout_param["p"] ** 2).to(x.dtype)
        return x * mask, (dropout_param, mask)

    def dropout_back(self, dout, cache):
        self.calls["dropout back"] += 1
        return self.back * dout * cache[1]

    def style(self, hidden, evaluations, trainings):
        """The style, in six letters, of a network with so many hidden layers; empty where it isn't one style."""
        calls, passes = self.calls, evaluations + trainings
        counts = [
            (calls["linear"], hidden * passes),
            (calls["relu"], hidden * passes),
            (calls["linear, last"], passes),
            (calls["linear back"], hidden * trainings),
            (calls["relu back"], hidden * trainings),
            (calls["linear back, last"], trainings),
            (calls["dropout"], hidden * trainings),
            (calls["dropout back"], calls["dropout"]),
            (calls["dropout in test mode"], hidden * evaluations),
        ]
        if any(count not in (0, wanted) for count, wanted in counts):
            return ""
        return "".join("D" if count else "T" for count, _ in counts[:6])

    def masks(self, hidden):
        """What the first layer saw in the last pass, and the masks of its forward and its backward pass.

        A mask is what a linear layer got, divided by what came from the one before: every unit has to be positive.
        """
        seen = self.forwards[-hidden - 1 :]
        slope = self.slope if self.calls["relu"] else 1
        forward = [(after / (slope * out)).flatten() for (_, out), (after, _) in pairwise(seen)]
        below = self.backwards[: -hidden - 2 : -1]
        steep = self.steep if self.calls["relu back"] else 1
        backward = [(dout / (steep * dx)).flatten() for (dout, _), (_, dx) in pairwise(below)]
        return seen[0][0].flatten(), forward, backward

    def as_taught(self, p, forward, backward):
        """These masks with the scale 1 / (1 - p), also where the decoy of Dropout gave them another one."""
        if not self.calls["dropout"]:
            return forward, backward
        scale = self.scale * (1 - p)
        back = self.back if self.calls["dropout back"] else 1  # a network may use the mask in the cache by itself
        return [mask / scale for mask in forward], [mask / scale / back for mask in backward]


def _methods(name, forward, backward):
    return type(name, (), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def on_layers(submission, decoys, name, scenario, dims, *, evaluations=0, trainings=0, styles=STYLES, dropout=False):
    """Return scenario(network or layer, decoys), run on decoys; on the submission's own layers, with None, elsewhere.

    Args:
        submission: the hand-in.
        decoys: new ones.
        name: what is graded, and so never replaced.
        scenario: may be run twice, so it draws nothing from rng.
        dims: D, the hidden sizes and C of the network; D and M of a Linear_ReLU.
        evaluations: how often the scenario computes scores alone.
        trainings: how often it computes gradients.
        styles: those whose values are known.
        dropout: whether the network drops.
    """
    wanted = getattr(getattr(submission, MODULE), name)
    decoys.last = dims[-1] if len(dims) > 2 else None

    def used():
        style = decoys.style(max(len(dims) - 2, 1), evaluations, trainings)
        # a network that drops and calls no Dropout for its scores is known in two styles
        tested = not (dropout and evaluations) or decoys.calls["dropout in test mode"]
        known = _known(style, trainings, styles if tested else (STYLES[0], INLINE), len(dims) > 2)
        if known:
            print(f"{name} runs on decoys here, which compute something else than your layers: see stand_ins.py.")
        return known

    def own():
        print(f"{name} runs on your own layers here, because it calls them in a way of its own.")
        return scenario(wanted, None)

    layers = {layer: decoy for layer, decoy in decoys.classes.items() if layer != name}
    return on_decoys(sys.modules[MODULE], layers, lambda: scenario(wanted, decoys), used=used, own=own)


def _known(style, trainings, styles, network):
    """Whether the fixtures have values for a style, of which a pass without gradients, or a pair, shows a part."""
    shown = [0, 1, 2, 3, 4, 5] if network else [0, 1, 3, 4]
    if not trainings:
        shown = [index for index in shown if index < 3]
    return bool(style) and [style[index] for index in shown] in [[item[index] for index in shown] for item in styles]
