"""Dropout: neurons switched off at random while the net trains."""

import numpy as np


class Dropout:
    """Inverted dropout: y = x * mask / p in training, y = x in evaluation, with mask ~ Bernoulli(p) for each neuron.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", and the course
    handout, which moves the scaling from evaluation to training.

    p: probability to KEEP a neuron, 0 < p <= 1. ValueError otherwise.
    mask: of the last training pass, in the shape of x, 1 where kept and 0 where dropped.
    """

    def __init__(self, p=0.5):
        if not 0 < p <= 1:
            raise ValueError(f"p is the probability to keep a neuron, 0 < p <= 1, got {p}")
        self.p = p
        self.mask = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        """Return y in the shape and dtype of x, a floating array of any shape.

        In training the mask is one call of np.random.binomial, in the shape of x. With train=False x is returned as it
        is and no random number is drawn.
        """
        # TODO: implement Dropout.forward
        raise NotImplementedError("Dropout.forward")

    def backward(self, delta):
        """Return delta with the gradient of the dropped neurons set to zero; only after a training pass.

        delta: gradient with respect to y, in its shape. What is kept stays unscaled: that is the course's convention,
        where the gradient in the strict sense has the factor 1/p as well.
        """
        # TODO: implement Dropout.backward
        raise NotImplementedError("Dropout.backward")
