"""Batch normalisation of a fully connected layer: each feature is centred and scaled over the batch."""

import numpy as np


class BatchNorm:
    """y = gamma * x_hat + beta, with x_hat = (x - mean) / sqrt(var + eps).

    Source: Ioffe & Szegedy, "Batch Normalization", Algorithm 1, and the course handout for the running statistics.

    All attributes that follow are (1, in_feature).
    mean, var: of the last training batch; var is the biased one, divided by B and not by B - 1.
    gamma, beta: what is learned; dgamma, dbeta: their gradients, summed over the batch.
    running_mean, running_var: stand in for mean and var in evaluation.
        running = alpha * running + (1 - alpha) * batch
    """

    def __init__(self, in_feature, alpha=0.9):
        self.alpha = alpha
        self.eps = 1e-8

        self.x = None
        self.norm = None
        self.out = None

        self.mean = np.zeros((1, in_feature))
        self.var = np.ones((1, in_feature))

        self.gamma = np.ones((1, in_feature))
        self.dgamma = np.zeros((1, in_feature))
        self.beta = np.zeros((1, in_feature))
        self.dbeta = np.zeros((1, in_feature))

        self.running_mean = np.zeros((1, in_feature))
        self.running_var = np.ones((1, in_feature))

    def __call__(self, x, eval=False):
        return self.forward(x, eval)

    def forward(self, x, eval=False):
        """Return y, (B, in_feature), for x of the same shape.

        In training the batch gives mean and var and moves the running statistics. With `eval` the running statistics
        are used, and no attribute changes.
        """
        # TODO: implement BatchNorm.forward
        raise NotImplementedError("BatchNorm.forward")

    def backward(self, delta):
        """Return the gradient with respect to x, (B, in_feature), at the last training batch; set dgamma and dbeta.

        delta: gradient with respect to y, (B, in_feature).
        """
        # TODO: implement BatchNorm.backward
        raise NotImplementedError("BatchNorm.backward")
