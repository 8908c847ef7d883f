"""Libraries that the zygote loads once, so that no child has to: torch, and what a hand-in imports."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import sys
from collections.abc import Callable, Collection

NUM_WORKERS = 5
"""The place of this argument of a DataLoader, after the data set."""


def load_late(names: Collection[str]) -> None:
    """Load installed modules that a hand-in imports: otherwise each child would, and some take seconds."""
    missing = [name for name in names if name not in sys.modules]
    for name in missing:
        with contextlib.suppress(Exception):  # the hand-in itself then meets the error
            importlib.import_module(name)
    if missing:
        gc.freeze()


def load_torch(*, programs: bool) -> None:
    """Load torch and the modules that it loads lazily at the first training step, so that no child has to.

    Without `programs`, a loader of data does its work itself: it could start no process.
    """
    import torch

    torch.set_num_threads(1)
    layer = torch.nn.Linear(4, 3)
    optimiser = torch.optim.Adam(layer.parameters())
    loss = torch.nn.functional.cross_entropy(layer(torch.randn(5, 4)), torch.zeros(5, dtype=torch.long))
    if not programs:
        _without_workers(torch.utils.data.DataLoader)
    loss.backward()  # type: ignore[no-untyped-call]  # torch doesn't annotate it
    optimiser.step()


def _without_workers(loader: type) -> None:
    """Make a DataLoader that is asked for workers do without: the batches are the same, and only slower."""
    made: Callable[..., None] = loader.__init__  # type: ignore[misc]  # of the class itself, which has no subclass yet

    @functools.wraps(made)
    def make(self: object, *args: object, **words: object) -> None:
        if len(args) > NUM_WORKERS:
            args = (*args[:NUM_WORKERS], 0, *args[NUM_WORKERS + 1 :])
        if words.get("num_workers"):
            words |= {"num_workers": 0}
        for word in ("prefetch_factor", "persistent_workers", "timeout", "multiprocessing_context"):
            words.pop(word, None)
        made(self, *args, **words)

    loader.__init__ = make  # type: ignore[misc]  # see above
