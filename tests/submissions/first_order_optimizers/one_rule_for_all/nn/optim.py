"""One function for each rule; the state of every array is a generator's."""

import numpy as np


def _momentum(lr, rho):
    v = 0
    move = None
    while True:
        g = yield move
        v = rho * v + g
        move = -lr * v


def _adaptive(lr, eps, mix, keep, beta, correct):
    m = s = t = 0
    move = None
    while True:
        g = yield move
        t += 1
        m = beta * m + (1 - beta) * g
        s = keep * s + mix * g * g
        c1, c2 = (1 - beta**t, 1 - keep**t) if correct else (1, 1)
        move = -lr * (m / c1) / (np.sqrt(s / c2) + eps)


class _Optimizer:
    def start(self, params, rule, *settings):
        print("optimizer with", settings)
        self._p = params
        self._rules = {}
        for name in params:
            self._rules[name] = rule(*settings)
            next(self._rules[name])

    def step(self, grads):
        for name in sorted(grads):
            self._p[name] = self._p[name] + self._rules[name].send(grads[name])


class SGD(_Optimizer):
    def __init__(self, params, lr):
        self.start(params, _momentum, lr, 0.0)


class Momentum(_Optimizer):
    def __init__(self, params, lr, rho=0.9):
        self.start(params, _momentum, lr, rho)


class Nesterov:
    def __init__(self, params, lr, rho=0.9):
        self._p, self._lr, self._rho = params, lr, rho
        self._v = {}

    def step(self, grad_fn):
        v = self._v or {name: np.zeros_like(x) for name, x in self._p.items()}
        g = grad_fn({name: x + self._rho * v[name] for name, x in self._p.items()})
        self._v = {name: self._rho * v[name] - self._lr * g[name] for name in v}
        self._p.update({name: self._p[name] + self._v[name] for name in v})


class AdaGrad(_Optimizer):
    def __init__(self, params, lr, eps=1e-7):
        self.start(params, _adaptive, lr, eps, 1, 1, 0, False)


class RMSProp(_Optimizer):
    def __init__(self, params, lr, decay_rate=0.99, eps=1e-7):
        self.start(params, _adaptive, lr, eps, 1 - decay_rate, decay_rate, 0, False)


class AdamUncorrected(_Optimizer):
    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-7):
        self.start(params, _adaptive, lr, eps, 1 - beta2, beta2, beta1, False)


class Adam(_Optimizer):
    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-7):
        self.start(params, _adaptive, lr, eps, 1 - beta2, beta2, beta1, True)
