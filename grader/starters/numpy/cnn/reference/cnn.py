"""A convolution and a max pool, in plain loops."""

import numpy as np


def conv_forward(x, w, b, stride=1, pad=0):
    """Return the convolution of x with w, plus b.

    x: shape (N, C, H, W). w: shape (F, C, R, S). b: shape (F,).
    stride: pixels between neighbouring places of the filter. pad: zeros added on each of the four sides.
    The result has shape (N, F, 1 + (H + 2 * pad - R) // stride, 1 + (W + 2 * pad - S) // stride).
    """
    # BEGIN SOLUTION
    rows, columns = w.shape[2], w.shape[3]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    height = (padded.shape[2] - rows) // stride
    width = (padded.shape[3] - columns) // stride
    out = np.zeros((len(x), len(w), height + 1, width + 1))
    for i in np.ndindex(height + 1, width + 1):
        top, left = i[0] * stride, i[1] * stride
        window = padded[:, :, top : top + rows, left : left + columns]
        out[:, :, i[0], i[1]] = np.einsum("ncrs,fcrs->nf", window, w) + b
    return out
    # END SOLUTION


def max_pool_forward(x, size):
    """Return the greatest value of each square of size × size pixels; x has shape (N, C, H, W)."""
    # BEGIN SOLUTION
    count, channels, height, width = x.shape
    squares = x.reshape(count, channels, height // size, size, width // size, size)
    return squares.max(axis=(3, 5))
    # END SOLUTION
