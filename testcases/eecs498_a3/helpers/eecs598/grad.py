"""Gradients by central differences, and the measure by which a gradient is compared with them."""

import itertools
import random
from collections.abc import Callable

import torch
from torch import Tensor


def rel_error(x: Tensor, y: Tensor, eps: float = 1e-10) -> float:
    """Return max|x − y| / max(|x| + |y|), the denominator at least eps. x, y: one shape."""
    difference = (x - y).abs().max().item()
    scale = (x.abs() + y.abs()).max().item()
    return difference / max(scale, eps)


def _slope(f: Callable[[Tensor], Tensor | float], x: Tensor, index: tuple[int, ...], h: float) -> Tensor | float:
    """Return (f(x + h e) − f(x − h e)) / 2h, where e is one at `index`.

    x is changed in place and restored, because f may read the same tensor by another way, such as the
    parameters of a network, and ignore its argument.
    """
    kept = x[index].item()
    try:
        x[index] = kept + h
        above = f(x)
        # An f that returns a view of x would change with the next assignment.
        above = above.clone() if isinstance(above, Tensor) else above
        x[index] = kept - h
        below = f(x)
        return (above - below) / (2 * h)
    finally:
        x[index] = kept


def compute_numeric_gradient(
    f: Callable[[Tensor], Tensor | float], x: Tensor, dLdf: Tensor | None = None, h: float = 1e-7
) -> Tensor:
    """Return the gradient of Σ dLdf · f(x) by x, in the shape and dtype of x.

    f: takes x and returns a tensor or a number; dLdf: in the shape of f(x), ones if None; h: the step, meant
    for float64.
    """
    gradient = torch.zeros_like(x)
    for index in itertools.product(*map(range, x.shape)):
        slope = torch.as_tensor(_slope(f, x, index, h))
        gradient[index] = (slope if dLdf is None else slope * dLdf).sum()
    return gradient


def grad_check_sparse(
    f: Callable[[Tensor], Tensor | float], x: Tensor, analytic_grad: Tensor, num_checks: int = 10, h: float = 1e-7
) -> None:
    """Print, for `num_checks` random places of x, the slope of the scalar f beside `analytic_grad`."""
    for _ in range(num_checks):
        index = tuple(random.randrange(size) for size in x.shape)
        numeric, analytic = float(_slope(f, x, index, h)), analytic_grad[index].item()
        error = abs(numeric - analytic) / max(abs(numeric) + abs(analytic), 1e-10)
        print(f"at {index}: numeric {numeric:.6f}, analytic {analytic:.6f}, relative error {error:.2e}")
