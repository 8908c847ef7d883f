"""Loss: how far a batch of logits is from its labels, and the gradient that starts the backward pass.

B is the batch size and C the number of classes.
"""

import numpy as np


class Criterion:
    """Interface of a loss with one value a sample.

    `logits` and `labels`, both (B, C), are the arguments of the last forward pass; `loss`, (B,), is its result.
    """

    def __init__(self):
        self.logits = None
        self.labels = None
        self.loss = None

    def __call__(self, x, y):
        return self.forward(x, y)

    def forward(self, x, y):
        """Return the loss of each sample, (B,), for logits x and labels y, both (B, C)."""
        raise NotImplementedError

    def derivative(self):
        """Return the gradient of the summed losses with respect to the logits, (B, C)."""
        raise NotImplementedError


class SoftmaxCrossEntropy(Criterion):
    """Cross entropy between labels and the softmax of the logits; source: course handout.

    softmax(x)_c = exp(x_c) / sum_k exp(x_k),    loss = -sum_c y_c log softmax(x)_c
    """

    def __init__(self):
        super().__init__()
        self.softmax = None

    def forward(self, x, y):
        """Return the loss of each sample, (B,): neither summed nor averaged.

        x: logits, (B, C), of any size: logits of 1000 are no special case.
        y: labels, (B, C), one-hot or any rows that sum to one.
        Keeps x, y and the result in `logits`, `labels` and `loss`.
        """
        # TODO: implement SoftmaxCrossEntropy.forward
        raise NotImplementedError("SoftmaxCrossEntropy.forward")

    def derivative(self):
        """Return the gradient of the summed losses with respect to the logits, (B, C).

        Not divided by B: the mean over the batch is taken where a linear layer forms dW and db.
        """
        # TODO: implement SoftmaxCrossEntropy.derivative
        raise NotImplementedError("SoftmaxCrossEntropy.derivative")
