"""With autograd functions of my own: forward and backward are written out."""
import torch
from torch import nn


class _Mask(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mask, inplace):
        ctx.save_for_backward(mask)
        if inplace:
            ctx.mark_dirty(x)
            x.mul_(mask)
            return x
        return x * mask

    @staticmethod
    def backward(ctx, dout):
        (mask,) = ctx.saved_tensors
        return dout * mask, None, None


class Dropout2d(nn.Module):
    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if p < 0.0 or p > 1.0:
            raise ValueError(f"p={p}")
        self.p = float(p)
        self.inplace = bool(inplace)

    def forward(self, x):
        if x.dim() not in {3, 4}:
            raise ValueError(f"{x.dim()} dimensions")
        if not self.training:
            return x
        dropped = torch.rand(x.shape[:-2]) > self.p
        mask = torch.full(x.shape[:-2], 1.0 / (1.0 - self.p) if self.p < 1 else 0.0, dtype=x.dtype)
        mask[dropped] = 0.0
        return _Mask.apply(x, mask.unsqueeze(-1).unsqueeze(-1), self.inplace)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"


class _Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, eps):
        mean = x.mean((0, 2, 3), keepdim=True)
        var = (x - mean).pow(2).mean((0, 2, 3), keepdim=True)
        inv = (var + eps).rsqrt()
        xhat = (x - mean) * inv
        ctx.save_for_backward(xhat, inv)
        ctx.mark_non_differentiable(mean, var)
        return xhat, mean, var

    @staticmethod
    def backward(ctx, dxhat, dmean, dvar):
        xhat, inv = ctx.saved_tensors
        dims = (0, 2, 3)
        centred = dxhat - dxhat.mean(dims, keepdim=True)
        return inv * (centred - xhat * (dxhat * xhat).mean(dims, keepdim=True)), None


class BatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        for name, value in (("weight", torch.ones), ("bias", torch.zeros)):
            self.register_parameter(name, nn.Parameter(value(num_features)) if affine else None)
        for name, value in (("running_mean", torch.zeros(num_features)), ("running_var", torch.ones(num_features)),
                            ("num_batches_tracked", torch.tensor(0))):
            self.register_buffer(name, value if track_running_stats else None)

    @torch.no_grad()
    def _update(self, mean, var, n):
        self.num_batches_tracked.add_(1)
        a = self.momentum
        if a is None:
            a = 1.0 / int(self.num_batches_tracked)
        self.running_mean.lerp_(mean.flatten(), a)
        self.running_var.lerp_(var.flatten() * n / (n - 1), a)

    def forward(self, x):
        if x.dim() != 4 or x.size(1) != self.num_features:
            raise ValueError(f"shape {tuple(x.shape)}")
        if self.training or self.running_mean is None:
            n = x.size(0) * x.size(2) * x.size(3)
            if n < 2:
                raise ValueError("one value per channel has no variance")
            out, mean, var = _Normalise.apply(x, self.eps)
            if self.training and self.track_running_stats:
                self._update(mean, var, n)
        else:
            out = (x - self.running_mean.view(-1, 1, 1)) * (self.running_var.view(-1, 1, 1) + self.eps).rsqrt()
        if self.affine:
            out = torch.addcmul(self.bias.view(-1, 1, 1), out, self.weight.view(-1, 1, 1))
        return out
