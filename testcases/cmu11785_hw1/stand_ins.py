"""Stand-ins for what a net is made of: they answer with drawn numbers and note what the net hands them.

So the net is judged for what it does itself, whatever its layers, activations and loss are worth. Nothing here computes
what students are asked for.
"""

from contextlib import suppress
from itertools import pairwise

import numpy as np
from own_nets import draw_batch, given_gradient, initialisers, make_net, run_backward

LEGEND = "stages called (L Linear, B BatchNorm, A activation, e with eval)"


class StandInLayer:
    """What a Linear and a BatchNorm have in common."""

    def __init__(self, rng, name, calls, batch, inputs, outputs):
        self.name = name
        self.calls = calls
        self.answer = rng.normal(size=(batch, outputs))
        self.gradient = rng.normal(size=(batch, inputs))
        self.handed = self.handed_back = "not called"

    def __call__(self, x, eval=False):
        return self.forward(x, eval)

    def forward(self, x, eval=False):
        self.calls.append(self.name + ("e" if eval else ""))
        self.handed = np.array(x)
        return self.answer.copy()

    def backward(self, delta):
        self.calls.append(self.name)
        self.handed_back = np.array(delta)
        return self.gradient.copy()


class StandInLinear(StandInLayer):
    """In the place of a Linear."""

    def __init__(self, rng, name, calls, batch, inputs, outputs):
        super().__init__(rng, name, calls, batch, inputs, outputs)
        self.W, self.b = np.zeros((inputs, outputs)), np.zeros((1, outputs))
        self.dW, self.db = np.zeros((inputs, outputs)), np.zeros((1, outputs))


class StandInNorm(StandInLayer):
    """In the place of a BatchNorm."""

    def __init__(self, rng, name, calls, batch, size):
        super().__init__(rng, name, calls, batch, size, size)
        for name in ("gamma", "var", "running_var"):
            setattr(self, name, np.ones((1, size)))
        for name in ("beta", "dgamma", "dbeta", "mean", "running_mean"):
            setattr(self, name, np.zeros((1, size)))


class StandInActivation:
    """In the place of a hidden layer's activation."""

    def __init__(self, rng, name, calls, batch, size):
        self.name = name
        self.calls = calls
        self.state = None
        self.answer = rng.normal(size=(batch, size))
        self.slope = rng.uniform(0.2, 2.0, size=(batch, size))
        self.handed = "not called"

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.calls.append(self.name)
        self.handed = np.array(x)
        self.state = self.answer.copy()
        return self.state

    def derivative(self):
        return self.slope.copy()


class OutputActivation:
    """The Identity at the end of a net. Whether a net calls it can't be seen from its results, so it isn't noted."""

    def __init__(self):
        self.state = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.state = x
        return x

    def derivative(self):
        return 1.0


class StandInCriterion:
    """In the place of the loss."""

    def __init__(self, rng, batch, classes):
        self.logits = self.labels = self.loss = None
        self.losses = rng.uniform(size=batch)
        self.gradient = rng.normal(size=(batch, classes))
        self.asked = False

    def __call__(self, x, y):
        return self.forward(x, y)

    def forward(self, x, y):
        self.logits, self.labels, self.loss = x, y, self.losses.copy()
        return self.loss

    def derivative(self):
        self.asked = True
        return self.gradient.copy()


class Parts:
    """All stand-ins of one net."""

    def __init__(self, rng, sizes, batch, bn):
        self.sizes = sizes
        self.calls = []
        self.linear = [
            StandInLinear(rng, f"L{i}", self.calls, batch, inputs, outputs)
            for i, (inputs, outputs) in enumerate(pairwise(sizes))
        ]
        self.norms = [StandInNorm(rng, f"B{i}", self.calls, batch, sizes[i + 1]) for i in range(bn)]
        self.hidden = [StandInActivation(rng, f"A{i}", self.calls, batch, size) for i, size in enumerate(sizes[1:-1])]
        self.criterion = StandInCriterion(rng, batch, sizes[-1])
        self.initialisers = initialisers(rng)

    def make_net(self, submission):
        """The submission's MLP, made of these parts."""
        net = submission.hw1.MLP(
            self.sizes[0],
            self.sizes[-1],
            list(self.sizes[1:-1]),
            [*self.hidden, OutputActivation()],
            *self.initialisers,
            self.criterion,
            0.008,
            momentum=0.0,
            num_bn_layers=len(self.norms),
        )
        for index, layer in enumerate(self.linear):
            net.linear_layers[index] = passing_for(net.linear_layers[index], layer)
        for index, layer in enumerate(self.norms):
            net.bn_layers[index] = passing_for(net.bn_layers[index], layer)
        return net


def passing_for(own, stand_in):
    """The stand-in for a layer of the submission's own, for a net that tells its layers apart.

    It is an instance of that layer's class too, and has its attributes.
    """
    kind = type(stand_in)
    for name, value in getattr(own, "__dict__", {}).items():
        vars(stand_in).setdefault(name, value)
    with suppress(TypeError):  # slots, or a class that can't be derived from: then it stays what it is
        stand_in.__class__ = type(type(own).__name__, (kind, type(own)), {})
    return stand_in


# A net may reach past the methods that the handout names (compute x W + b itself, say) and be right. It can't be run on
# stand-ins, so it is run as it is. What comes out is judged, also against an accepted variant of the reference that
# does the same.


def own_net(submission, seed, sizes, batch, bn):
    names = ["Sigmoid"] * (len(sizes) - 2) + ["Identity"]
    rng = np.random.RandomState(seed)
    criterion = given_gradient(submission, rng.normal(size=(batch, sizes[-1])))
    return make_net(submission, rng, sizes, names, bn=bn, criterion=criterion)


def handed_on(submission, rng, sizes, batch, bn=0, modes=("train",)):
    """What a net hands to its stages on the way forward, after train() or eval(), by the names of the checks."""
    x, seed = rng.normal(size=(batch, sizes[0])), rng.randint(2**31 - 1)
    parts = Parts(rng, sizes, batch, bn)
    turns = [(mode, f"{mode}() no. {turn}: {LEGEND}") for turn, mode in enumerate(modes, 1)]
    orders = dict.fromkeys(name for _, name in turns)

    def inputs():
        seen = {f"input of linear_layers[{i}]": layer.handed for i, layer in enumerate(parts.linear)}
        seen |= {f"input of bn_layers[{i}]": layer.handed for i, layer in enumerate(parts.norms)}
        return seen | {f"input of activations[{i}]": layer.handed for i, layer in enumerate(parts.hidden)}

    def switch(net, mode, turn):
        if (mode, turn) != ("train", 0):  # a new net trains already, and need not be told
            getattr(net, mode)()

    try:
        net = parts.make_net(submission)
        for turn, (mode, name) in enumerate(turns):
            parts.calls.clear()
            switch(net, mode, turn)
            output = net.forward(x.copy())
            orders[name] = " ".join(parts.calls)
            if not any(call.startswith("L") for call in parts.calls):
                break
            if mode == "eval" and not any(call.endswith("e") for call in parts.calls):
                break  # it may tell its BatchNorm layers in another way, which these don't understand
        else:
            # the tests of nets without BatchNorm ask for it: a slip at the end of forward isn't paid for here again
            return orders | inputs() | {"what forward returns": output if not bn else "asked without BatchNorm"}
    except Exception:
        pass
    net = own_net(submission, seed, sizes, batch, bn)
    outputs = []
    for turn, (mode, _) in enumerate(turns):
        switch(net, mode, turn)
        outputs.append(net.forward(x.copy()))
    return dict.fromkeys([*orders, *inputs()], "its own way") | {"what forward returns": np.stack(outputs)}


def handed_back(submission, rng, sizes, batch, bn=0):
    """What a net hands to the backward of its layers, and without BatchNorm to its loss, by the names of the checks."""
    (x, labels), seed = draw_batch(rng, batch, sizes[0], sizes[-1]), rng.randint(2**31 - 1)
    parts = Parts(rng, sizes, batch, bn)

    def seen(order, linear, norms, logits="its own way", targets="its own way"):
        deltas = {} if bn else {"logits for the criterion": logits, "labels for the criterion": targets}
        deltas |= {f"delta for linear_layers[{i}].backward": value for i, value in enumerate(linear)}
        deltas |= {f"delta for bn_layers[{i}].backward": value for i, value in enumerate(norms)}
        return {"backward called (L Linear, B BatchNorm)": order} | deltas

    try:
        net = parts.make_net(submission)
        net.forward(x.copy())
        parts.calls.clear()
        net.backward(labels.copy())
        if parts.criterion.asked and any(call.startswith("L") for call in parts.calls):
            linear, norms = ([layer.handed_back for layer in layers] for layers in (parts.linear, parts.norms))
            return seen(" ".join(parts.calls), linear, norms, parts.criterion.logits, parts.criterion.labels)
    except Exception:
        pass
    net = own_net(submission, seed, sizes, batch, bn)
    run_backward(net, x, labels)
    norms = [bn_layer.dgamma for bn_layer in net.bn_layers] if bn else []
    return seen("its own way", [layer.dW for layer in net.linear_layers], norms)
