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
        # BEGIN SOLUTION
        if not 0 <= p <= 1:
            raise ValueError(f"p is a probability between 0 and 1, but is {p}")
        self.p = p
        self.inplace = inplace
        # END SOLUTION

    def forward(self, x):
        """Return a tensor in the shape and dtype of x; with `inplace`, x itself.

        x: (N, C, H, W) or (C, H, W), floating; other numbers of dimensions raise ValueError.

            training:    out = x · mask, one mask value a channel: 0 with probability p, else 1 / (1 − p)
            evaluation:  out = x

        With p = 1 everything is zero.
        """
        # BEGIN SOLUTION
        if x.dim() not in (3, 4):
            raise ValueError(f"x should be (N, C, H, W) or (C, H, W), but has shape {tuple(x.shape)}")
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(*x.shape[:-2], 1, 1, device=x.device) >= self.p
        # p = 1 keeps nothing, so there is nothing to scale and no 0 / 0 to meet.
        scale = 1 / (1 - self.p) if self.p < 1 else 0.0
        mask = keep.to(x.dtype) * scale
        return x.mul_(mask) if self.inplace else x * mask
        # END SOLUTION


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
        # BEGIN SOLUTION
        self.register_parameter("weight", nn.Parameter(torch.ones(num_features)) if affine else None)
        self.register_parameter("bias", nn.Parameter(torch.zeros(num_features)) if affine else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", torch.zeros(num_features) if tracked else None)
        self.register_buffer("running_var", torch.ones(num_features) if tracked else None)
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long) if tracked else None)
        # END SOLUTION

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
        # BEGIN SOLUTION
        if x.dim() != 4 or x.shape[1] != self.num_features:
            raise ValueError(f"x should be (N, {self.num_features}, H, W), but has shape {tuple(x.shape)}")

        if self.training or not self.track_running_stats:
            n = x.numel() // self.num_features
            if n <= 1:
                raise ValueError(f"training needs more than one value a channel, but x has shape {tuple(x.shape)}")
            mean = x.mean(dim=(0, 2, 3))
            var = x.var(dim=(0, 2, 3), unbiased=False)
        else:
            mean, var = self.running_mean, self.running_var

        if self.training and self.track_running_stats:
            # Out of autograd's sight: a statistic kept for later must not keep this batch's graph alive.
            with torch.no_grad():
                self.num_batches_tracked += 1
                a = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
                self.running_mean.mul_(1 - a).add_(a * mean)
                self.running_var.mul_(1 - a).add_(a * var * n / (n - 1))

        def per_channel(v):
            return v.view(1, -1, 1, 1)

        out = (x - per_channel(mean)) / (per_channel(var) + self.eps).sqrt()
        if self.affine:
            out = per_channel(self.weight) * out + per_channel(self.bias)
        return out
        # END SOLUTION
