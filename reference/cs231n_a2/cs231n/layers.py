"""Layers of a network, each as a function forward and a function backward.

forward(...) returns (out, cache). backward(dout, cache) gets dout, the gradient of the loss with respect to out, and
returns the gradients with respect to forward's arrays, each of that array's shape. What a cache holds is your choice.
"""

import numpy as np


def affine_forward(x, w, b):
    """Return (out, cache) of a fully-connected layer: out = x w + b.

    x: (N, d_1, ..., d_k), N examples of which each is a vector of D = d_1 · ... · d_k numbers
    w: (D, M)
    b: (M,)
    out: (N, M)
    """
    # BEGIN SOLUTION
    out = x.reshape(x.shape[0], -1) @ w + b
    # END SOLUTION
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """Return (dx, dw, db), of the shapes of x, w and b; dout is (N, M)."""
    x, w, _ = cache
    # BEGIN SOLUTION
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = dout.sum(axis=0)
    # END SOLUTION
    return dx, dw, db


def relu_forward(x):
    """Return (out, cache): out is x where that is positive, else 0; x has any shape."""
    # BEGIN SOLUTION
    out = np.maximum(x, 0)
    # END SOLUTION
    cache = x
    return out, cache


def relu_backward(dout, cache):
    """Return dx."""
    x = cache
    # BEGIN SOLUTION
    return dout * (x > 0)
    # END SOLUTION


def softmax_loss(x, y):
    """Return (loss, dx): the mean cross-entropy of softmax, and its gradient.

    x: (N, C), scores
    y: (N,), the classes, from 0 to C - 1
    """
    # BEGIN SOLUTION
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probs[rows, y].mean()
    dx = np.exp(log_probs)
    dx[rows, y] -= 1
    dx /= len(x)
    # END SOLUTION
    return loss, dx


def svm_loss(x, y):
    """Return (loss, dx): the mean multiclass hinge loss with margin 1, and its gradient.

    x: (N, C), scores
    y: (N,), the classes, from 0 to C - 1
    """
    # BEGIN SOLUTION
    rows = np.arange(len(x))
    margins = np.maximum(0, x - x[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / len(x)
    dx = (margins > 0).astype(x.dtype)
    dx[rows, y] -= dx.sum(axis=1)
    dx /= len(x)
    # END SOLUTION
    return loss, dx


def batchnorm_forward(x, gamma, beta, bn_param):
    """Return (out, cache) of batch normalisation.

    In training, each column of x is normalised by its own mean and variance (divided by N, not N - 1), with eps added
    to the variance under the root, and out = gamma · normalised + beta. Moving averages are kept for the test mode:

        running_mean ← momentum · running_mean + (1 - momentum) · mean of the batch
        running_var  ← momentum · running_var  + (1 - momentum) · variance of the batch

    In test mode, the moving averages take the place of mean and variance, and stay as they are.

    x: (N, D)
    gamma, beta: (D,)
    bn_param: a dict with "mode" ("train" or "test"), and perhaps "eps", "momentum", "running_mean" and "running_var"
    """
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    D = x.shape[1]
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))

    cache = None
    if mode == "train":
        # BEGIN SOLUTION
        mean = x.mean(axis=0)
        var = x.var(axis=0)
        std = np.sqrt(var + eps)
        normed = (x - mean) / std
        out = gamma * normed + beta
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
        cache = (normed, std, gamma)
        # END SOLUTION
    elif mode == "test":
        # BEGIN SOLUTION
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
        # END SOLUTION
    else:
        raise ValueError(f"mode is {mode!r}, and must be 'train' or 'test'")

    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    """Return (dx, dgamma, dbeta), step by step through the graph of the forward pass in training; dout is (N, D)."""
    # BEGIN SOLUTION
    normed, std, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * normed).sum(axis=0)
    dnormed = dout * gamma
    dcentred = dnormed / std
    dvar = -0.5 * (dnormed * normed).sum(axis=0) / std**2
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + 2 * dvar * normed * std / len(dout) + dmean / len(dout)
    # END SOLUTION
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    """Return the same as batchnorm_backward for the same cache, by one simplified formula for dx."""
    # BEGIN SOLUTION
    normed, std, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * normed).sum(axis=0)
    dx = gamma / std * (dout - (dbeta + normed * dgamma) / len(dout))
    # END SOLUTION
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    """Return (out, cache) of layer normalisation, which is the same in training and test.

    Each row of x is normalised by its own mean and variance (divided by D), with eps added to the variance under the
    root; then out = gamma · normalised + beta.

    x: (N, D)
    gamma, beta: (D,)
    ln_param: a dict, perhaps with "eps"
    """
    eps = ln_param.get("eps", 1e-5)
    # BEGIN SOLUTION
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    normed = (x - x.mean(axis=1, keepdims=True)) / std
    out = gamma * normed + beta
    cache = (normed, std, gamma)
    # END SOLUTION
    return out, cache


def layernorm_backward(dout, cache):
    """Return (dx, dgamma, dbeta); dout is (N, D)."""
    # BEGIN SOLUTION
    normed, std, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * normed).sum(axis=0)
    dnormed = dout * gamma
    shift = dnormed.mean(axis=1, keepdims=True)
    stretch = (dnormed * normed).mean(axis=1, keepdims=True)
    dx = (dnormed - shift - normed * stretch) / std
    # END SOLUTION
    return dx, dgamma, dbeta


def dropout_forward(x, dropout_param):
    """Return (out, cache) of inverted dropout.

    In training, each number of x is kept with probability p and divided by p, else set to 0. In test mode, out is x.

    x: any shape
    dropout_param: a dict with "p", the probability to keep, "mode" ("train" or "test"), and perhaps "seed"
    """
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])

    mask = None
    if mode == "train":
        # BEGIN SOLUTION
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
        # END SOLUTION
    elif mode == "test":
        # BEGIN SOLUTION
        out = x
        # END SOLUTION

    cache = (dropout_param, mask)
    out = out.astype(x.dtype, copy=False)
    return out, cache


def dropout_backward(dout, cache):
    """Return dx; dout has the shape of x."""
    dropout_param, mask = cache
    mode = dropout_param["mode"]
    if mode == "train":
        # BEGIN SOLUTION
        dx = dout * mask
        # END SOLUTION
    elif mode == "test":
        dx = dout
    return dx


def conv_forward_naive(x, w, b, conv_param):
    """Return (out, cache) of a convolution. x stays as it is.

    x: (N, C, H, W)
    w: (F, C, HH, WW), F filters
    b: (F,)
    conv_param: a dict with "stride", the step of the filters in both directions, and "pad", how many rows and columns
        of zeros are put around x on each side
    out: (N, F, H', W') with H' = 1 + (H + 2 pad - HH) / stride and W' = 1 + (W + 2 pad - WW) / stride
    """
    # BEGIN SOLUTION
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride), dtype=x.dtype)
    for i, j in np.ndindex(*out.shape[2:]):
        window = padded[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
        out[:, :, i, j] = np.tensordot(window, w, axes=((1, 2, 3), (1, 2, 3))) + b
    # END SOLUTION
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    """Return (dx, dw, db); dout has the shape of out."""
    # BEGIN SOLUTION
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded = np.zeros_like(padded)
    dw = np.zeros_like(w)
    db = dout.sum(axis=(0, 2, 3))
    for i, j in np.ndindex(*dout.shape[2:]):
        rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
        dw += np.tensordot(dout[:, :, i, j], padded[:, :, rows, columns], axes=(0, 0))
        dpadded[:, :, rows, columns] += np.tensordot(dout[:, :, i, j], w, axes=(1, 0))
    dx = dpadded[:, :, pad : pad + H, pad : pad + W]
    # END SOLUTION
    return dx, dw, db


def max_pool_forward_naive(x, pool_param):
    """Return (out, cache): out has the greatest number of each window.

    x: (N, C, H, W)
    pool_param: a dict with "pool_height", "pool_width" and "stride", the step of the windows in both directions
    out: (N, C, H', W') with H' = 1 + (H - pool_height) / stride and W' = 1 + (W - pool_width) / stride
    """
    # BEGIN SOLUTION
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    out = np.zeros((N, C, 1 + (H - height) // stride, 1 + (W - width) // stride), dtype=x.dtype)
    for i, j in np.ndindex(*out.shape[2:]):
        window = x[:, :, i * stride : i * stride + height, j * stride : j * stride + width]
        out[:, :, i, j] = window.max(axis=(2, 3))
    # END SOLUTION
    cache = (x, pool_param)
    return out, cache


def max_pool_backward_naive(dout, cache):
    """Return dx: each number of dout goes where its window had the greatest number."""
    # BEGIN SOLUTION
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    for i, j in np.ndindex(*dout.shape[2:]):
        rows, columns = slice(i * stride, i * stride + height), slice(j * stride, j * stride + width)
        window = x[:, :, rows, columns]
        greatest = window == window.max(axis=(2, 3), keepdims=True)
        dx[:, :, rows, columns] += greatest * dout[:, :, i, j][:, :, None, None]
    # END SOLUTION
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Return (out, cache) of batch normalisation over N, H and W: each channel has one mean and one variance.

    x: (N, C, H, W)
    gamma, beta: (C,)
    bn_param: as for batchnorm_forward; the moving averages have shape (C,)
    """
    # BEGIN SOLUTION
    N, C, H, W = x.shape
    rows, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, bn_param)
    out = rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    # END SOLUTION
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    """Return (dx, dgamma, dbeta); dout is (N, C, H, W)."""
    # BEGIN SOLUTION
    N, C, H, W = dout.shape
    rows, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    dx = rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    # END SOLUTION
    return dx, dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Return (out, cache) of group normalisation, which is the same in training and test.

    The C channels of an example are cut into G groups of neighbours. Each group is normalised by the mean and the
    variance of all its numbers, with eps added to the variance under the root; then out = gamma · normalised + beta.

    x: (N, C, H, W), where G divides C
    gamma, beta: (1, C, 1, 1)
    gn_param: a dict, perhaps with "eps"
    """
    eps = gn_param.get("eps", 1e-5)
    # BEGIN SOLUTION
    groups = x.reshape(len(x), G, -1)
    std = np.sqrt(groups.var(axis=2, keepdims=True) + eps)
    normed = ((groups - groups.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    out = gamma * normed + beta
    cache = (normed, std, gamma)
    # END SOLUTION
    return out, cache


def spatial_groupnorm_backward(dout, cache):
    """Return (dx, dgamma, dbeta), of the shapes of x, gamma and beta; dout is (N, C, H, W)."""
    # BEGIN SOLUTION
    normed, std, gamma = cache
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = (dout * normed).sum(axis=(0, 2, 3), keepdims=True)
    dnormed = (dout * gamma).reshape(*std.shape[:2], -1)
    normed = normed.reshape(dnormed.shape)
    shift = dnormed.mean(axis=2, keepdims=True)
    stretch = (dnormed * normed).mean(axis=2, keepdims=True)
    dx = ((dnormed - shift - normed * stretch) / std).reshape(dout.shape)
    # END SOLUTION
    return dx, dgamma, dbeta
