"""Helpers for tests of numpy references with torch as the oracle: leaves, their gradients, a strict comparison."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[Any]


def tensor(array: Array) -> torch.Tensor:
    """Return a float64 leaf that wants a gradient."""
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def gradient(leaf: torch.Tensor) -> Array:
    """Return a leaf's gradient after backward, of its shape."""
    assert leaf.grad is not None
    array: Array = leaf.grad.numpy()
    return array


def close(actual: Array, expected: Array | torch.Tensor) -> None:
    """Demand the same shape, and the same values but for the rounding of float64."""
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)
