"""Dropout of channels and batch normalisation of pictures, as modules made of elementary torch operations.

Only elementary operations: torch.nn.functional.dropout*, torch.nn.Dropout*, and any batch_norm of torch are what
this homework builds. Gradients come from autograd. Shapes: N pictures, C channels, H × W pixels.
"""

import torch
from torch import nn


class Dropout2d(nn.Module):
    """Zeroes whole channels in training and scales the others; the identity in evaluation.

    Pixels of one channel are alike, so a single dropped pixel could be guessed from its neighbours; dropping
    the channel is what takes the information away (Tompson et al., "Efficient Object Localization Using
    Convolutional Networks", 2015, section 3.2).
    """

    def __init__(self, p=0.5, inplace=False):
        """p: the probability that a channel is **zeroed**, 0 <= p <= 1; inplace: write the result into the input.

        A p outside of [0, 1] raises ValueError.
        """
        super().__init__()
        # TODO: implement Dropout2d.__init__
        raise NotImplementedError("Dropout2d.__init__")

    def forward(self, x):
        """Return a tensor in the shape and dtype of x; with `inplace`, x itself.

        x: (N, C, H, W) or (C, H, W), floating; other numbers of dimensions raise ValueError.

            training:    out = x · mask, one mask value a channel: 0 with probability p, else 1 / (1 − p)
            evaluation:  out = x

        With p = 1 everything is zero.
        """
        # TODO: implement Dropout2d.forward
        raise NotImplementedError("Dropout2d.forward")


class BatchNorm2d(nn.Module):
    """Brings every channel to mean 0 and variance 1, then scales and shifts it by learned numbers.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015, algorithms 1 and 2. Names of parameters and buffers
    are those of torch.nn.BatchNorm2d, so that the two exchange a state_dict.
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        """num_features: C; eps: added to a variance; momentum: the weight of the new value in a running
        statistic, None for the plain average over all batches; affine: whether `weight` and `bias` exist;
        track_running_stats: whether `running_mean`, `running_var` and `num_batches_tracked` exist.

        Parameters weight (C,) of ones, bias (C,) of zeros. Buffers running_mean (C,) of zeros, running_var (C,)
        of ones, num_batches_tracked, an int64 scalar of zero. One that doesn't exist is None.
        """
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        # TODO: implement BatchNorm2d.__init__
        raise NotImplementedError("BatchNorm2d.__init__")

    def forward(self, x):
        """Return a tensor in the shape of x.

        x: (N, C, H, W) floating, with C = num_features; another shape raises ValueError.

            out = weight · (x − mean) / √(var + eps) + bias

        In training mean and var are the batch's own, over N, H and W, var divided by n = N·H·W (biased), and

            running_mean = (1 − a) · running_mean + a · mean
            running_var  = (1 − a) · running_var  + a · var · n / (n − 1)

        with a = momentum, or a = 1 / num_batches_tracked (this batch counted) if momentum is None. In
        evaluation mean and var are the running ones, or the batch's if none are tracked. A batch with a
        single value a channel has no variance to divide by: ValueError wherever its statistics would be used.
        """
        # TODO: implement BatchNorm2d.forward
        raise NotImplementedError("BatchNorm2d.forward")
