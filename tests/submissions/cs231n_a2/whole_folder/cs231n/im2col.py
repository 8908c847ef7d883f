import numpy as np


def places(shape, height, width, pad, stride):
    """Row and column of each number of each window."""
    high, wide = (shape[2] + 2 * pad - height) // stride + 1, (shape[3] + 2 * pad - width) // stride + 1
    i = np.repeat(np.arange(height), width)[:, None] + stride * np.repeat(np.arange(high), wide)
    j = np.tile(np.arange(width), height)[:, None] + stride * np.tile(np.arange(wide), high)
    return i, j, high, wide
