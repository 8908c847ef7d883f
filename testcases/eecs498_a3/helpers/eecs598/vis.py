"""The names of the course's plotting functions. The grader has no screen: they say so and draw nothing."""

from typing import Any

import torch
from torch import Tensor


def not_drawn(name: str) -> None:
    """Print that `name` draws nothing: a plot left in a hand-in is no reason to fail it."""
    print(f"{name}: nothing is drawn on the grader")


def tensor_to_image(tensor: Tensor) -> Any:
    """Return the picture (C, H, W) with values in [0, 1] as a numpy array (H, W, C) of uint8."""
    return (tensor * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def visualize_dataset(*args: object, **kwargs: object) -> None:
    """Draw nothing."""
    not_drawn("visualize_dataset")
