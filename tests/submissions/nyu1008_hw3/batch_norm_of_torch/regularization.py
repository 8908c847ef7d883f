import torch
import torch.nn as nn


class Dropout2d(nn.Module):
    def __init__(self, p=0.5, inplace=False):
        super(Dropout2d, self).__init__()
        if p < 0 or p > 1:
            raise ValueError("dropout probability has to be between 0 and 1, but got {}".format(p))
        self.p = p
        self.inplace = inplace

    def forward(self, x):
        if x.dim() != 3 and x.dim() != 4:
            raise ValueError("expected 3D or 4D input")
        if not self.training or self.p == 0:
            return x
        if self.p == 1:
            return x.mul_(0) if self.inplace else x * 0
        shape = list(x.shape[:-2]) + [1, 1]
        mask = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p).div_(1 - self.p)
        if self.inplace:
            return x.mul_(mask)
        return x * mask


class BatchNorm2d(nn.BatchNorm2d):
    pass
