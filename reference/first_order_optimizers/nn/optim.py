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
        # BEGIN SOLUTION
        for name, g in grads.items():
            self.params[name] = self.params[name] - self.lr * g
        # END SOLUTION


class Momentum:
    """v ← rho · v + ∇f(x);  x ← x − lr · v."""

    def __init__(self, params, lr, rho=0.9):
        """Keep params and lr; rho is the friction. Every velocity starts at zero."""
        self.params = params
        self.lr = lr
        self.rho = rho
        # BEGIN SOLUTION
        self.v = zeros_like(params)
        # END SOLUTION

    def step(self, grads):
        """Update every velocity, and by it every array of params, once."""
        # BEGIN SOLUTION
        for name, g in grads.items():
            self.v[name] = self.rho * self.v[name] + g
            self.params[name] = self.params[name] - self.lr * self.v[name]
        # END SOLUTION


class Nesterov:
    """v ← rho · v − lr · ∇f(x + rho · v);  x ← x + v.

    The gradient is taken where the old velocity leads, so step() needs the gradient as a function.
    """

    def __init__(self, params, lr, rho=0.9):
        """Keep params and lr; rho is the friction. Every velocity starts at zero."""
        self.params = params
        self.lr = lr
        self.rho = rho
        # BEGIN SOLUTION
        self.v = zeros_like(params)
        # END SOLUTION

    def step(self, grad_fn):
        """Update every velocity and every array of params once.

        grad_fn takes a dict as params and returns a dict of gradients with the same keys. It is called once, with the
        look-ahead point of all arrays together. That point is a dict of its own, so that grad_fn finds params still
        at x, and after the step params holds x, not the look-ahead point.
        """
        # BEGIN SOLUTION
        grads = grad_fn({name: x + self.rho * self.v[name] for name, x in self.params.items()})
        for name, g in grads.items():
            self.v[name] = self.rho * self.v[name] - self.lr * g
            self.params[name] = self.params[name] + self.v[name]
        # END SOLUTION


class AdaGrad:
    """s ← s + g²;  x ← x − lr · g / (√s + eps), elementwise with g = ∇f(x)."""

    def __init__(self, params, lr, eps=1e-7):
        """Keep params and lr; eps stands outside the root. Every sum of squares starts at zero."""
        self.params = params
        self.lr = lr
        self.eps = eps
        # BEGIN SOLUTION
        self.grad_squared = zeros_like(params)
        # END SOLUTION

    def step(self, grads):
        """Update every sum of squares and every array of params once."""
        # BEGIN SOLUTION
        for name, g in grads.items():
            self.grad_squared[name] = self.grad_squared[name] + g * g
            self.params[name] = self.params[name] - self.lr * g / (np.sqrt(self.grad_squared[name]) + self.eps)
        # END SOLUTION


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
        # BEGIN SOLUTION
        self.grad_squared = zeros_like(params)
        # END SOLUTION

    def step(self, grads):
        """Update every average of squares and every array of params once."""
        # BEGIN SOLUTION
        for name, g in grads.items():
            self.grad_squared[name] = self.decay_rate * self.grad_squared[name] + (1 - self.decay_rate) * g * g
            self.params[name] = self.params[name] - self.lr * g / (np.sqrt(self.grad_squared[name]) + self.eps)
        # END SOLUTION


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
        # BEGIN SOLUTION
        self.m = zeros_like(params)
        self.v = zeros_like(params)
        # END SOLUTION

    def step(self, grads):
        """Update both moments and every array of params once."""
        # BEGIN SOLUTION
        for name, g in grads.items():
            self.m[name] = self.beta1 * self.m[name] + (1 - self.beta1) * g
            self.v[name] = self.beta2 * self.v[name] + (1 - self.beta2) * g * g
            self.params[name] = self.params[name] - self.lr * self.m[name] / (np.sqrt(self.v[name]) + self.eps)
        # END SOLUTION


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
        # BEGIN SOLUTION
        self.m = zeros_like(params)
        self.v = zeros_like(params)
        self.t = 0
        # END SOLUTION

    def step(self, grads):
        """Update both moments and every array of params once; t counts calls, not arrays."""
        # BEGIN SOLUTION
        self.t += 1
        for name, g in grads.items():
            self.m[name] = self.beta1 * self.m[name] + (1 - self.beta1) * g
            self.v[name] = self.beta2 * self.v[name] + (1 - self.beta2) * g * g
            # Kept apart from m and v: the correction is for this step, the moments go on without it.
            m_hat = self.m[name] / (1 - self.beta1**self.t)
            v_hat = self.v[name] / (1 - self.beta2**self.t)
            self.params[name] = self.params[name] - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
        # END SOLUTION
