from __future__ import print_function, division
import numpy as np
from .im2col import *
from cs231n.fast_layers import *


def affine_forward(x, w, b):
    cache = (x, w, b)
    return np.einsum('nd,dm->nm', x.reshape(len(x), -1), w) + b.reshape(1, -1), cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = np.matmul(dout, w.transpose()).reshape(x.shape)
    return dx, np.einsum('nd,nm->dm', x.reshape(len(x), -1), dout), np.ones(len(x)).dot(dout)


def relu_forward(x):
    return x.clip(min=0), x


def relu_backward(dout, cache):
    return np.where(cache >= 0, dout, 0)


def softmax_loss(x, y):
    probs = np.exp(x - np.max(x, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    N = x.shape[0]
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    loss = -np.sum((shifted_logits - np.log(Z))[np.arange(N), y]) / N
    probs[np.arange(N), y] -= 1
    return loss, probs / N


def svm_loss(x, y):
    N = x.shape[0]
    right = x[np.arange(N), y]
    margins = np.maximum(0, x - right[:, np.newaxis] + 1.0)
    loss = np.sum(margins) / N - 1.0
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] = 1 - np.sum(margins > 0, axis=1)
    return loss, dx / N


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param['mode']
    eps = bn_param.get('eps', 1e-5)
    momentum = bn_param.get('momentum', 0.9)
    layernorm = bn_param.get('layernorm', 0)
    N, D = x.shape
    running_mean = bn_param.get('running_mean', np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get('running_var', np.zeros(D, dtype=x.dtype))
    out, cache = None, None
    if mode == 'train':
        mu, var = x.mean(axis=0), x.var(axis=0)
        std = np.sqrt(var + eps)
        z = (x - mu) / std
        if layernorm == 0:
            running_mean = momentum * running_mean + (1 - momentum) * mu
            running_var = momentum * running_var + (1 - momentum) * std ** 2 - (1 - momentum) * eps
        out = gamma * z + beta
        cache = {'x': x, 'std': std, 'gamma': gamma, 'z': z, 'axis': layernorm}
    elif mode == 'test':
        scale = gamma / np.sqrt(running_var + eps)
        out = x * scale + (beta - running_mean * scale)
    bn_param['running_mean'] = running_mean
    bn_param['running_var'] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    N = dout.shape[0]
    dbeta = dout.sum(axis=cache['axis'])
    dgamma = np.sum(dout * cache['z'], axis=cache['axis'])
    dfdz = dout * cache['gamma']
    dfdz_sum = np.sum(dfdz, axis=0)
    dx = dfdz - dfdz_sum / N - np.sum(dfdz * cache['z'], axis=0) * cache['z'] / N
    return dx / cache['std'], dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    return batchnorm_backward(dout, cache)


def layernorm_forward(x, gamma, beta, ln_param):
    bn_param = {'mode': 'train', 'layernorm': 1, **ln_param}
    out, cache = batchnorm_forward(x.T, gamma[:, np.newaxis], beta[:, np.newaxis], bn_param)
    return out.T, cache


def layernorm_backward(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward(dout.T, cache)
    return dx.T, dgamma, dbeta


def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    if 'seed' in dropout_param:
        np.random.seed(dropout_param['seed'])
    mask = None
    out = x.copy()
    if mode == 'train':
        mask = np.random.binomial(1, p, size=x.shape)
        out = out * mask / p
    cache = (dropout_param, mask)
    return out, cache


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param['mode'] == 'test':
        return dout
    return dout / dropout_param['p'] * mask


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param['stride'], conv_param['pad']
    F, C, HH, WW = w.shape
    i, j, high, wide = places(x.shape, HH, WW, pad, stride)
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], mode='constant', constant_values=0)
    columns = padded[:, :, i, j].reshape(len(x), C * HH * WW, -1)
    out = (w.reshape(F, -1) @ columns + b[:, None]).reshape(len(x), F, high, wide)
    return out, (x, w, b, conv_param, columns)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param, columns = cache
    stride, pad = conv_param['stride'], conv_param['pad']
    F, C, HH, WW = w.shape
    N, C, H, W = x.shape
    flat = dout.reshape(N, F, -1)
    db = flat.sum(axis=2).sum(axis=0)
    dw = np.einsum('nfp,nkp->fk', flat, columns).reshape(w.shape)
    dcolumns = (w.reshape(F, -1).T @ flat).reshape(N, C, HH * WW, -1)
    i, j, _, _ = places(x.shape, HH, WW, pad, stride)
    dpadded = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    np.add.at(dpadded, (slice(None), slice(None), i, j), dcolumns)
    return dpadded[:, :, pad:H + pad, pad:W + pad], dw, db


def max_pool_forward_naive(x, pool_param):
    height, width, stride = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    i, j, high, wide = places(x.shape, height, width, 0, stride)
    return x[:, :, i, j].max(axis=2).reshape(*x.shape[:2], high, wide), (x, pool_param)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width, stride = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    i, j, high, wide = places(x.shape, height, width, 0, stride)
    best = x[:, :, i, j].argmax(axis=2)
    dx = np.zeros(x.shape)
    n, c, p = np.indices(best.shape)
    np.add.at(dx, (n, c, i[best, p], j[best, p]), dout.reshape(best.shape))
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    out, cache = batchnorm_forward(np.moveaxis(x, 1, 3).reshape((N * H * W, C)), gamma, beta, bn_param)
    return np.moveaxis(out.reshape((N, H, W, C)), 3, 1), cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    dx, dgamma, dbeta = batchnorm_backward_alt(dout.transpose(1, 0, 2, 3).reshape(C, -1).T, cache)
    return dx.T.reshape(C, N, H, W).swapaxes(0, 1), dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    bn_param = {'mode': 'train', 'layernorm': 1}
    bn_param.update(gn_param)
    gamma_new = np.tile(gamma, (N, 1, H, W)).reshape(N * G, -1).T
    beta_new = np.tile(beta, (N, 1, H, W)).reshape(N * G, -1).T
    out, cache = batchnorm_forward(x.reshape(N * G, -1).T, gamma_new, beta_new, bn_param)
    return out.T.reshape(x.shape), cache


def spatial_groupnorm_backward(dout, cache):
    dx, _, _ = batchnorm_backward(dout.reshape(cache['z'].shape[::-1]).T, cache)
    z = cache['z'].T.reshape(dout.shape)
    dgamma = np.sum(dout * z, axis=(0, 2, 3), keepdims=True)
    return dx.T.reshape(dout.shape), dgamma, np.sum(dout, axis=(0, 2, 3), keepdims=True)
