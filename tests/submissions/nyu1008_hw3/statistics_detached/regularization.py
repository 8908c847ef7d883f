# dropout und batchnorm, erst einmal zu Fuß (mit Schleifen)
import random
import torch
from torch.nn import Module, Parameter


class Dropout2d(Module):

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if not (p >= 0 and p <= 1):
            raise ValueError(p)
        self.p, self.inplace = p, inplace

    def forward(self, x):
        if x.ndim not in [3, 4]:
            raise ValueError(x.shape)
        if not self.training:
            return x
        out = x if self.inplace else x.clone()
        batch = out if out.ndim == 4 else out.unsqueeze(0)
        mask = torch.zeros(batch.shape[0], batch.shape[1], 1, 1)
        for n in range(batch.shape[0]):
            for c in range(batch.shape[1]):
                if random.random() >= self.p:
                    mask[n, c] = 1 / (1 - self.p)
        if x.ndim == 3:
            mask = mask[0]
        out *= mask
        return out


class BatchNorm2d(Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__()
        self.C, self.eps, self.momentum = num_features, eps, momentum
        self.track = track_running_stats
        self.weight = Parameter(torch.ones(num_features)) if affine else None
        self.bias = Parameter(torch.zeros(num_features)) if affine else None
        if track_running_stats:
            self.register_buffer('running_mean', torch.zeros(num_features))
            self.register_buffer('running_var', torch.ones(num_features))
            self.register_buffer('num_batches_tracked', torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        if x.ndim != 4 or x.shape[1] != self.C:
            raise ValueError(f'(N, {self.C}, H, W) erwartet')
        N, C, H, W = x.shape
        n = N * H * W
        use_batch = self.training or not self.track
        if use_batch and n == 1:
            raise ValueError('nur ein Wert pro Kanal')
        channels = []
        if self.training and self.track:
            self.num_batches_tracked += 1
        for c in range(C):
            xc = x[:, c]
            if use_batch:
                m = xc.data.sum() / n
                v = ((xc.data - m) ** 2).sum() / n
                if self.training and self.track:
                    f = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
                    self.running_mean[c] = (1 - f) * self.running_mean[c] + f * m.detach()
                    self.running_var[c] = (1 - f) * self.running_var[c] + f * v.detach() * n / (n - 1)
            else:
                m, v = self.running_mean[c], self.running_var[c]
            yc = (xc - m) / (v + self.eps) ** 0.5
            if self.weight is not None:
                yc = yc * self.weight[c] + self.bias[c]
            channels.append(yc)
        return torch.stack(channels, dim=1)
