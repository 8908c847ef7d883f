import numpy as np


class Activation(object):
    def __init__(self):
        self.state = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        raise NotImplementedError

    def derivative(self):
        raise NotImplementedError


class Identity(Activation):
    def forward(self, x):
        self.state = x
        return x

    def derivative(self):
        return 1.0


class Sigmoid(Activation):
    def forward(self, x):
        self.state = 0.5 * (1 + np.tanh(0.5 * x))
        self.slope = self.state - self.state ** 2
        return self.state.copy()

    def derivative(self):
        return self.slope


class Tanh(Activation):
    def forward(self, x):
        self.state = 2 / (1 + np.exp(-2 * x)) - 1
        self.slope = 1 / np.cosh(x) ** 2
        return self.state.copy()

    def derivative(self):
        return self.slope


class ReLU(Activation):
    def forward(self, x):
        self.mask = x > 0
        self.state = np.where(self.mask, x, 0.0)
        return self.state.copy()

    def derivative(self):
        return np.where(self.mask, 1.0, 0.0)
