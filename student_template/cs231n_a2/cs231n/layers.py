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
    # TODO: implement affine_forward
    raise NotImplementedError("affine_forward")
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """Return (dx, dw, db), of the shapes of x, w and b; dout is (N, M)."""
    x, w, _ = cache
    # TODO: implement affine_backward
    raise NotImplementedError("affine_backward")
    return dx, dw, db


def relu_forward(x):
    """Return (out, cache): out is x where that is positive, else 0; x has any shape."""
    # TODO: implement relu_forward
    raise NotImplementedError("relu_forward")
    cache = x
    return out, cache


def relu_backward(dout, cache):
    """Return dx."""
    x = cache
    # TODO: implement relu_backward
    raise NotImplementedError("relu_backward")


def softmax_loss(x, y):
    """Return (loss, dx): the mean cross-entropy of softmax, and its gradient.

    x: (N, C), scores
    y: (N,), the classes, from 0 to C - 1
    """
    # TODO: implement softmax_loss
    raise NotImplementedError("softmax_loss")
    return loss, dx


def svm_loss(x, y):
    """Return (loss, dx): the mean multiclass hinge loss with margin 1, and its gradient.

    x: (N, C), scores
    y: (N,), the classes, from 0 to C - 1
    """
    # TODO: implement svm_loss
    raise NotImplementedError("svm_loss")
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
        # TODO: implement batchnorm_forward
        raise NotImplementedError("batchnorm_forward")
    elif mode == "test":
        # TODO: implement batchnorm_forward
        raise NotImplementedError("batchnorm_forward")
    else:
        raise ValueError(f"mode is {mode!r}, and must be 'train' or 'test'")

    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    """Return (dx, dgamma, dbeta), step by step through the graph of the forward pass in training; dout is (N, D)."""
    # TODO: implement batchnorm_backward
    raise NotImplementedError("batchnorm_backward")
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    """Return the same as batchnorm_backward for the same cache, by one simplified formula for dx."""
    # TODO: implement batchnorm_backward_alt
    raise NotImplementedError("batchnorm_backward_alt")
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
    # TODO: implement layernorm_forward
    raise NotImplementedError("layernorm_forward")
    return out, cache


def layernorm_backward(dout, cache):
    """Return (dx, dgamma, dbeta); dout is (N, D)."""
    # TODO: implement layernorm_backward
    raise NotImplementedError("layernorm_backward")
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
        # TODO: implement dropout_forward
        raise NotImplementedError("dropout_forward")
    elif mode == "test":
        # TODO: implement dropout_forward
        raise NotImplementedError("dropout_forward")

    cache = (dropout_param, mask)
    out = out.astype(x.dtype, copy=False)
    return out, cache


def dropout_backward(dout, cache):
    """Return dx; dout has the shape of x."""
    dropout_param, mask = cache
    mode = dropout_param["mode"]
    if mode == "train":
        # TODO: implement dropout_backward
        raise NotImplementedError("dropout_backward")
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
    # TODO: implement conv_forward_naive
    raise NotImplementedError("conv_forward_naive")
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    """Return (dx, dw, db); dout has the shape of out."""
    # TODO: implement conv_backward_naive
    raise NotImplementedError("conv_backward_naive")
    return dx, dw, db


def max_pool_forward_naive(x, pool_param):
    """Return (out, cache): out has the greatest number of each window.

    x: (N, C, H, W)
    pool_param: a dict with "pool_height", "pool_width" and "stride", the step of the windows in both directions
    out: (N, C, H', W') with H' = 1 + (H - pool_height) / stride and W' = 1 + (W - pool_width) / stride
    """
    # TODO: implement max_pool_forward_naive
    raise NotImplementedError("max_pool_forward_naive")
    cache = (x, pool_param)
    return out, cache


def max_pool_backward_naive(dout, cache):
    """Return dx: each number of dout goes where its window had the greatest number."""
    # TODO: implement max_pool_backward_naive
    raise NotImplementedError("max_pool_backward_naive")
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Return (out, cache) of batch normalisation over N, H and W: each channel has one mean and one variance.

    x: (N, C, H, W)
    gamma, beta: (C,)
    bn_param: as for batchnorm_forward; the moving averages have shape (C,)
    """
    # TODO: implement spatial_batchnorm_forward
    raise NotImplementedError("spatial_batchnorm_forward")
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    """Return (dx, dgamma, dbeta); dout is (N, C, H, W)."""
    # TODO: implement spatial_batchnorm_backward
    raise NotImplementedError("spatial_batchnorm_backward")
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
    # TODO: implement spatial_groupnorm_forward
    raise NotImplementedError("spatial_groupnorm_forward")
    return out, cache


def spatial_groupnorm_backward(dout, cache):
    """Return (dx, dgamma, dbeta), of the shapes of x, gamma and beta; dout is (N, C, H, W)."""
    # TODO: implement spatial_groupnorm_backward
    raise NotImplementedError("spatial_groupnorm_backward")
    return dx, dgamma, dbeta
