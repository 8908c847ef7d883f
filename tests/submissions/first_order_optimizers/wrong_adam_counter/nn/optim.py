import numpy as np


class SGD:
    def __init__(self, params, lr):
        self.params = params
        self.learning_rate = lr

    def step(self, grads):
        for k in self.params:
            self.params[k] -= self.learning_rate * grads[k]


class Momentum:
    def __init__(self, params, lr, rho=0.9):
        self.params = params
        self.learning_rate = lr
        self.rho = rho
        self.velocity = {}

    def step(self, grads):
        for k, dw in grads.items():
            v = self.velocity.setdefault(k, np.zeros_like(dw))
            v *= self.rho
            v += dw
            self.params[k] -= self.learning_rate * v


class Nesterov:
    def __init__(self, params, lr, rho=0.9):
        self.params = params
        self.learning_rate = lr
        self.rho = rho
        self.velocity = {k: np.zeros(w.shape) for k, w in params.items()}

    def step(self, grad_fn):
        # go to the look-ahead point, and back again
        for k in self.params:
            self.params[k] += self.rho * self.velocity[k]
        grads = grad_fn(self.params)
        for k in self.params:
            self.params[k] -= self.rho * self.velocity[k]
            self.velocity[k] *= self.rho
            self.velocity[k] -= self.learning_rate * grads[k]
            self.params[k] += self.velocity[k]


class AdaGrad:
    def __init__(self, params, lr, eps=1e-7):
        self.params = params
        self.learning_rate = lr
        self.eps = eps
        self.cache = {k: np.zeros(w.shape) for k, w in params.items()}

    def step(self, grads):
        for k, dw in grads.items():
            self.cache[k] += dw**2
            dw *= self.learning_rate
            dw /= np.sqrt(self.cache[k]) + self.eps
            self.params[k] -= dw


class RMSProp:
    def __init__(self, params, lr, decay_rate=0.99, eps=1e-7):
        self.params = params
        self.learning_rate = lr
        self.decay = decay_rate
        self.eps = eps
        self.cache = {k: np.zeros(w.shape) for k, w in params.items()}

    def step(self, grads):
        for k, dw in grads.items():
            self.cache[k] *= self.decay
            self.cache[k] += (1 - self.decay) * dw**2
            self.params[k] -= self.learning_rate * dw / (np.sqrt(self.cache[k]) + self.eps)


class AdamUncorrected:
    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-7):
        self.params = params
        self.learning_rate = lr
        self.b1, self.b2 = beta1, beta2
        self.eps = eps
        self.moment1 = {k: np.zeros(w.shape) for k, w in params.items()}
        self.moment2 = {k: np.zeros(w.shape) for k, w in params.items()}

    def step(self, grads):
        for k, dw in grads.items():
            m, v = self.moment1[k], self.moment2[k]
            m[...] = self.b1 * m + (1 - self.b1) * dw
            v[...] = self.b2 * v + (1 - self.b2) * dw * dw
            self.params[k] -= self.learning_rate * m / (np.sqrt(v) + self.eps)


class Adam:
    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-7):
        self.params = params
        self.learning_rate = lr
        self.b1, self.b2 = beta1, beta2
        self.eps = eps
        self.steps = 0
        self.moment1 = {k: np.zeros(w.shape) for k, w in params.items()}
        self.moment2 = {k: np.zeros(w.shape) for k, w in params.items()}

    def step(self, grads):
        for k, dw in grads.items():
            self.steps += 1
            m, v = self.moment1[k], self.moment2[k]
            m[...] = self.b1 * m + (1 - self.b1) * dw
            v[...] = self.b2 * v + (1 - self.b2) * dw * dw
            m_hat = m / (1 - self.b1**self.steps)
            v_hat = v / (1 - self.b2**self.steps)
            self.params[k] -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)
