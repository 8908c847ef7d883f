import numpy as np


class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self, grads):
        for name in self.params:
            w = self.params[name].copy()
            for place in np.ndindex(w.shape):
                w[place] -= self.lr * grads[name][place]
            self.params[name] = w


class Momentum:
    def __init__(self, params, lr, rho=0.9):
        self.params, self.lr, self.rho = params, lr, rho
        self.v = {name: 0 for name in params}

    def step(self, grads):
        for name in self.params:
            self.v[name] = self.rho * self.v[name] + self.lr * grads[name]
            self.params[name] = self.params[name] - self.v[name]


class Nesterov:
    def __init__(self, params, lr, rho=0.9):
        self.params, self.lr, self.rho = params, lr, rho
        self.v = {name: 0 for name in params}

    def step(self, grad_fn):
        # CS231n: params hold the look-ahead point
        grads = grad_fn(self.params)
        for name in list(self.params):
            v_prev = self.v[name]
            self.v[name] = self.rho * self.v[name] - self.lr * grads[name]
            self.params[name] = self.params[name] - self.rho * v_prev + (1 + self.rho) * self.v[name]


class AdaGrad:
    def __init__(self, params, lr, eps=1e-7):
        self.params, self.lr, self.eps = params, lr, eps
        self.history = {name: [] for name in params}

    def step(self, grads):
        for name in self.params:
            self.history[name].append(grads[name] ** 2)
            self.params[name] = self.params[name] - self.lr / (sum(self.history[name]) ** 0.5 + self.eps) * grads[name]


class RMSProp:
    def __init__(self, params, lr, decay_rate=0.99, eps=1e-7):
        self.params, self.lr, self.decay_rate, self.eps = params, lr, decay_rate, eps
        self.s = {name: 0.0 for name in params}

    def step(self, grads):
        for name in self.params:
            g = grads[name]
            self.s[name] += (1 - self.decay_rate) * (g * g - self.s[name])
            self.params[name] = self.params[name] - self.lr * g / (np.sqrt(self.s[name]) + self.eps)


class AdamUncorrected:
    corrected = False

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-7):
        self.params, self.lr, self.betas, self.eps = params, lr, (beta1, beta2), eps
        self.t = 0
        self.m = {name: 0.0 for name in params}
        self.v = {name: 0.0 for name in params}

    def step(self, grads):
        self.t += 1
        one, two = self.betas
        for name in self.params:
            g = grads[name]
            self.m[name] = one * self.m[name] + (1 - one) * g
            self.v[name] = two * self.v[name] + (1 - two) * g**2
            lr_t = self.lr
            if self.corrected:
                lr_t = self.lr * (1 - two**self.t) ** 0.5 / (1 - one**self.t)
            self.params[name] = self.params[name] - lr_t * self.m[name] / (np.sqrt(self.v[name]) + self.eps)


class Adam(AdamUncorrected):
    corrected = True
