"""Dropout: elements switched off at random in training."""

import torch
from torch import nn


class Dropout(nn.Module):
    """Inverted dropout: y = x * mask / (1 - p) in training, y = x in evaluation; a mask's element is 0 or 1.

    p: the probability that an element is dropped, 0 <= p < 1.
    """

    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        """Return y in the shape of x, a tensor of any shape; self.training tells training from evaluation."""
        # BEGIN SOLUTION
        if not self.training:
            return x
        mask = torch.rand_like(x) < 1 - self.p
        return x * mask / (1 - self.p)
        # END SOLUTION
