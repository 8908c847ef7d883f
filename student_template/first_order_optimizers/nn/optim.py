"""First-order optimisers, simplest first. Formulas are the lecture's slides, with x for the parameters.

params is a dict of float arrays, and step(grads) takes a dict of gradients with the same keys and shapes. After a step
the new values are in the dict that was given to the optimiser: an array may have been changed in place or replaced.
State (velocity, moments) is kept for each array on its own and starts at zero. The gradients stay as they are.
"""

import numpy as np


def zeros_like(params):
    """Return a dict of zeros with the keys, shapes and dtypes of params."""
    return {name: np.zeros_like(x) for name, x in params.items()}


class SGD:
    """x ← x − lr · ∇f(x)."""

    def __init__(self, params, lr):
        """Keep the dict params (not a copy of it) and the learning rate lr."""
        self.params = params
        self.lr = lr

    def step(self, grads):
        """Update every array of params once."""
        # TODO: implement SGD.step
        raise NotImplementedError("SGD.step")


class Momentum:
    """v ← rho · v + ∇f(x);  x ← x − lr · v."""

    def __init__(self, params, lr, rho=0.9):
        """Keep params and lr; rho is the friction. Every velocity starts at zero."""
        self.params = params
        self.lr = lr
        self.rho = rho
        # TODO: implement Momentum.__init__
        raise NotImplementedError("Momentum.__init__")

    def step(self, grads):
        """Update every velocity, and by it every array of params, once."""
        # TODO: implement Momentum.step
        raise NotImplementedError("Momentum.step")


class Nesterov:
    """v ← rho · v − lr · ∇f(x + rho · v);  x ← x + v.

    The gradient is taken where the old velocity leads, so step() needs the gradient as a function.
    """

    def __init__(self, params, lr, rho=0.9):
        """Keep params and lr; rho is the friction. Every velocity starts at zero."""
        self.params = params
        self.lr = lr
        self.rho = rho
        # TODO: implement Nesterov.__init__
        raise NotImplementedError("Nesterov.__init__")

    def step(self, grad_fn):
        """Update every velocity and every array of params once.

        grad_fn takes a dict as params and returns a dict of gradients with the same keys. It is called once, with the
        look-ahead point of all arrays together. That point is a dict of its own, so that grad_fn finds params still
        at x, and after the step params holds x, not the look-ahead point.
        """
        # TODO: implement Nesterov.step
        raise NotImplementedError("Nesterov.step")


class AdaGrad:
    """s ← s + g²;  x ← x − lr · g / (√s + eps), elementwise with g = ∇f(x)."""

    def __init__(self, params, lr, eps=1e-7):
        """Keep params and lr; eps stands outside the root. Every sum of squares starts at zero."""
        self.params = params
        self.lr = lr
        self.eps = eps
        # TODO: implement AdaGrad.__init__
        raise NotImplementedError("AdaGrad.__init__")

    def step(self, grads):
        """Update every sum of squares and every array of params once."""
        # TODO: implement AdaGrad.step
        raise NotImplementedError("AdaGrad.step")


class RMSProp:
    """s ← decay_rate · s + (1 − decay_rate) · g²;  x ← x − lr · g / (√s + eps): AdaGrad whose sum leaks.

    The slide of this name prints AdaGrad's sum first, for comparison; the second listing is the one meant.
    """

    def __init__(self, params, lr, decay_rate=0.99, eps=1e-7):
        """Keep params and lr; eps stands outside the root. Every average of squares starts at zero."""
        self.params = params
        self.lr = lr
        self.decay_rate = decay_rate
        self.eps = eps
        # TODO: implement RMSProp.__init__
        raise NotImplementedError("RMSProp.__init__")

    def step(self, grads):
        """Update every average of squares and every array of params once."""
        # TODO: implement RMSProp.step
        raise NotImplementedError("RMSProp.step")


class AdamUncorrected:
    """Momentum and RMSProp together, the slide's "Adam (almost)": no bias correction, so the first steps are long.

    m ← beta1 · m + (1 − beta1) · g
    v ← beta2 · v + (1 − beta2) · g²
    x ← x − lr · m / (√v + eps)
    """

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-7):
        """Keep params and lr; eps stands outside the root. Both moments of every array start at zero."""
        self.params = params
        self.lr = lr
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        # TODO: implement AdamUncorrected.__init__
        raise NotImplementedError("AdamUncorrected.__init__")

    def step(self, grads):
        """Update both moments and every array of params once."""
        # TODO: implement AdamUncorrected.step
        raise NotImplementedError("AdamUncorrected.step")


class Adam:
    """Adam with bias correction; t counts the steps and is 1 in the first.

    m ← beta1 · m + (1 − beta1) · g          m̂ = m / (1 − beta1^t)
    v ← beta2 · v + (1 − beta2) · g²         v̂ = v / (1 − beta2^t)
    x ← x − lr · m̂ / (√v̂ + eps)
    """

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-7):
        """Keep params and lr; eps stands outside the root. Both moments of every array start at zero."""
        self.params = params
        self.lr = lr
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        # TODO: implement Adam.__init__
        raise NotImplementedError("Adam.__init__")

    def step(self, grads):
        """Update both moments and every array of params once; t counts calls, not arrays."""
        # TODO: implement Adam.step
        raise NotImplementedError("Adam.step")
