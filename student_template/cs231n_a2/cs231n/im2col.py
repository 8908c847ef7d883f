"""Windows of pictures as columns, and back. Given: fast layers are built on it.

x: (N, C, H, W). Windows have field_height × field_width pixels and begin every `stride` pixels of the padded picture.
A column is one window, channel by channel; columns are in the order H', W', N.
"""

import numpy as np


def get_im2col_indices(x_shape, field_height, field_width, padding=1, stride=1):
    """Return (k, i, j): the channel, row and column, in the padded picture, of each number of each window."""
    _, C, H, W = x_shape
    high = (H + 2 * padding - field_height) // stride + 1
    wide = (W + 2 * padding - field_width) // stride + 1
    channel, row, column = (part.reshape(-1, 1) for part in np.indices((C, field_height, field_width)))
    down, right = (part.reshape(1, -1) for part in np.indices((high, wide)))
    return channel, row + stride * down, column + stride * right


def im2col_indices(x, field_height, field_width, padding=1, stride=1):
    """Return the windows of x, as (C · field_height · field_width, H' · W' · N)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    k, i, j = get_im2col_indices(x.shape, field_height, field_width, padding, stride)
    windows = padded[:, k, i, j]
    return windows.transpose(1, 2, 0).reshape(windows.shape[1], -1)


def col2im_indices(cols, x_shape, field_height=3, field_width=3, padding=1, stride=1):
    """Return pictures of shape x_shape in which the numbers of the windows are added up."""
    N, C, H, W = x_shape
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=cols.dtype)
    windows = cols.reshape(C * field_height * field_width, -1, N).transpose(2, 0, 1)
    k, i, j = get_im2col_indices(x_shape, field_height, field_width, padding, stride)
    np.add.at(padded, (slice(None), k, i, j), windows)
    return padded[:, :, padding : padding + H, padding : padding + W]
