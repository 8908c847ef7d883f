from .base import Layer


class Linear(Layer):
    def forward(self, x):
        return x + x + x
