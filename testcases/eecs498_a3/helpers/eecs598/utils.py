"""Seeding."""

import random

import torch


def reset_seed(number: int) -> None:
    """Seed the generators of `random` and torch with `number`."""
    random.seed(number)
    torch.manual_seed(number)
