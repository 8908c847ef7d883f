"""Makes torch's own layers refuse, while a test runs: they are what this homework builds.

A reminder, not a wall: whoever takes pains gets around it, and a person sees that in the code.
"""

import torch
from torch.nn import functional

DROPOUT = ("dropout", "dropout_", "feature_dropout", "feature_dropout_", "alpha_dropout", "alpha_dropout_")
DROPOUT += ("dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "feature_alpha_dropout_", "native_dropout")
BATCH_NORM = ("batch_norm", "native_batch_norm", "batch_norm_stats", "batch_norm_elemt")


def refuse(monkeypatch, names):
    """Replace the functions called `names` in torch and torch.nn.functional by ones that raise RuntimeError."""
    for place, prefix in ((torch, "torch"), (functional, "torch.nn.functional")):
        for name in names:
            if hasattr(place, name):
                monkeypatch.setattr(place, name, _refusal(f"{prefix}.{name}"))


def _refusal(name):
    def refused(*args, **kwargs):
        raise RuntimeError(f"{name} was called: this homework builds it, out of elementary operations")

    return refused
