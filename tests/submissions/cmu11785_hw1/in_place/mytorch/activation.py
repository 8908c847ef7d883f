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
        x *= -1
        np.exp(x, out=x)
        x += 1
        np.divide(1.0, x, out=x)
        self.state = x
        return x

    def derivative(self):
        out = 1 - self.state
        out *= self.state
        return out


class Tanh(Activation):
    def forward(self, x):
        self.state = np.tanh(x, out=x)
        return self.state

    def derivative(self):
        return (1 - self.state) * (1 + self.state)


class ReLU(Activation):
    def forward(self, x):
        x[x < 0] = 0
        self.state = x
        return x

    def derivative(self):
        out = np.zeros_like(self.state)
        out[self.state > 0] = 1
        return out
