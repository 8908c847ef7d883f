from builtins import range

import numpy as np
from past.builtins import xrange


def affine_forward(x, w, b):
    rows = np.reshape(x, (x.shape[0], np.prod(x.shape[1:])))
    out = np.zeros((x.shape[0], w.shape[1]))
    for n in xrange(x.shape[0]):
        for m in xrange(w.shape[1]):
            out[n, m] = np.sum(rows[n] * w[:, m]) + b[m]
    return out, {'x': x, 'w': w}


def affine_backward(dout, cache):
    x, w = cache['x'], cache['w']
    rows = np.reshape(x, (x.shape[0], -1))
    dx, dw, db = np.zeros(rows.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for n in range(dout.shape[0]):
        dx[n] = np.dot(w, dout[n])
        dw += np.outer(rows[n], dout[n])
        db += dout[n]
    return np.reshape(dx, x.shape), dw, db


def relu_forward(x):
    out = np.array([value if value > 0 else 0.0 for value in x.flat]).reshape(x.shape)
    return out, out > 0


def relu_backward(dout, cache):
    dx = np.zeros(dout.shape)
    dx[cache] = dout[cache]
    return dx


def softmax_loss(x, y):
    N, C = x.shape
    loss, dx = 0.0, np.zeros((N, C))
    for i in range(N):
        scores = x[i] - np.max(x[i])
        total = np.sum(np.exp(scores))
        loss += np.log(total) - scores[y[i]]
        for j in range(C):
            dx[i, j] = np.exp(scores[j]) / total - (j == y[i])
    return loss / N, dx / N


def svm_loss(x, y):
    N, C = x.shape
    loss, dx = 0.0, np.zeros((N, C))
    for i in range(N):
        for j in range(C):
            margin = x[i, j] - x[i, y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin / N
                dx[i, j] += 1.0 / N
                dx[i, y[i]] -= 1.0 / N
    return loss, dx


def batchnorm_forward(x, gamma, beta, bn_param):
    N, D = x.shape
    eps = bn_param.get('eps', 1e-5)
    momentum = bn_param.get('momentum', 0.9)
    bn_param.setdefault('running_mean', np.zeros(D))
    bn_param.setdefault('running_var', np.zeros(D))
    if bn_param['mode'] == 'test':
        out = np.zeros((N, D))
        for d in range(D):
            unit = (x[:, d] - bn_param['running_mean'][d]) / (bn_param['running_var'][d] + eps) ** 0.5
            out[:, d] = gamma[d] * unit + beta[d]
        return out, None
    mu = np.sum(x, axis=0) / float(N)
    xmu = x - mu
    var = np.sum(xmu ** 2, axis=0) / float(N)
    xhat = xmu / np.sqrt(var + eps)
    bn_param['running_mean'] = momentum * bn_param['running_mean'] + (1 - momentum) * mu
    bn_param['running_var'] = momentum * bn_param['running_var'] + (1 - momentum) * var
    return gamma * xhat + beta, {'xmu': xmu, 'var': var, 'eps': eps, 'gamma': gamma, 'xhat': xhat}


def batchnorm_backward(dout, cache):
    N, D = dout.shape
    xmu, sigma2, gamma, xhat = cache['xmu'], cache['var'] + cache['eps'], cache['gamma'], cache['xhat']
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(xhat * dout, axis=0)
    dxhat = gamma * dout
    dvar = np.sum(dxhat * xmu * -0.5 * sigma2 ** -1.5, axis=0)
    dmu = np.sum(-dxhat / np.sqrt(sigma2), axis=0) + dvar * np.mean(-2.0 * xmu, axis=0)
    return dxhat / np.sqrt(sigma2) + dvar * 2.0 * xmu / N + dmu / N, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    N, D = dout.shape
    xhat, gamma, sigma = cache['xhat'], cache['gamma'], np.sqrt(cache['var'] + cache['eps'])
    dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
    return (1.0 / N) * gamma / sigma * (N * dout - dbeta - xhat * dgamma), dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get('eps', 1e-5)
    hats, sigmas = [], []
    for row in x:
        sigma = (np.mean((row - np.mean(row)) ** 2) + eps) ** 0.5
        hats.append((row - np.mean(row)) / sigma)
        sigmas.append(sigma)
    return np.array(hats) * gamma + beta, [hats, sigmas, gamma]


def layernorm_backward(dout, cache):
    hats, sigmas, gamma = cache
    dx, dgamma, dbeta = np.zeros_like(dout), 0.0, 0.0
    for n, (hat, sigma) in enumerate(zip(hats, sigmas)):
        dhat = dout[n] * gamma
        dx[n] = (dhat - np.mean(dhat) - hat * np.mean(dhat * hat)) / sigma
        dgamma = dgamma + dout[n] * hat
        dbeta = dbeta + dout[n]
    return dx, dgamma, dbeta


def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    if 'seed' in dropout_param:
        np.random.seed(dropout_param['seed'])
    mask = None
    out = None
    if mode == 'train':
        mask = (np.random.uniform(size=x.shape) > p) / (1.0 - p)
        out = x * mask
    elif mode == 'test':
        out = x
    cache = (dropout_param, mask)
    out = out.astype(x.dtype, copy=False)
    return out, cache


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    return dout * mask if dropout_param['mode'] == 'train' else dout


def conv_forward_naive(x, w, b, conv_param):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    s, pad = conv_param['stride'], conv_param['pad']
    assert (H + 2 * pad - HH) % s == 0
    assert (W + 2 * pad - WW) % s == 0
    H2, W2 = int(1 + (H + 2 * pad - HH) / s), int(1 + (W + 2 * pad - WW) / s)
    big = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    big[:, :, pad:pad + H, pad:pad + W] = x
    out = np.zeros((N, F, H2, W2))
    for n in xrange(N):
        for f in xrange(F):
            for i in xrange(H2):
                for j in xrange(W2):
                    out[n, f, i, j] = np.sum(big[n, :, i * s:i * s + HH, j * s:j * s + WW] * w[f]) + b[f]
    return out, (big, w, b, conv_param)


def conv_backward_naive(dout, cache):
    big, w, b, conv_param = cache
    s, pad = conv_param['stride'], conv_param['pad']
    N, F, H2, W2 = dout.shape
    HH, WW = w.shape[2:]
    dbig, dw, db = np.zeros_like(big), np.zeros_like(w), np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            for i in range(H2):
                for j in range(W2):
                    d = dout[n, f, i, j]
                    dbig[n, :, i * s:i * s + HH, j * s:j * s + WW] += d * w[f]
                    dw[f] += d * big[n, :, i * s:i * s + HH, j * s:j * s + WW]
                    db[f] += d
    H, W = big.shape[2] - pad, big.shape[3] - pad
    return dbig[:, :, pad:H, pad:W], dw, db


def max_pool_forward_naive(x, pool_param):
    N, C, H, W = x.shape
    h, w, s = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    H2, W2 = (H - h) // s + 1, (W - w) // s + 1
    out, places = np.zeros((N, C, H2, W2)), {}
    for n in range(N):
        for c in range(C):
            for i in range(H2):
                for j in range(W2):
                    window = x[n, c, i * s:i * s + h, j * s:j * s + w]
                    row, column = np.unravel_index(np.argmax(window), window.shape)
                    places[n, c, i, j] = i * s + row, j * s + column
                    out[n, c, i, j] = window[row, column]
    return out, (places, x.shape)


def max_pool_backward_naive(dout, cache):
    places, shape = cache
    dx = np.zeros(shape)
    for (n, c, i, j), (row, column) in places.items():
        dx[n, c, row, column] += dout[n, c, i, j]
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    eps, momentum = bn_param.get('eps', 1e-5), bn_param.get('momentum', 0.9)
    running_mean = bn_param.get('running_mean', np.zeros(C, dtype=x.dtype))
    running_var = bn_param.get('running_var', np.zeros(C, dtype=x.dtype))
    out, xhats, sigmas = np.zeros(x.shape), [], []
    for c in range(C):
        channel = x[:, c]
        mean, var = running_mean[c], running_var[c]
        if bn_param['mode'] == 'train':
            mean, var = np.mean(channel), np.mean((channel - np.mean(channel)) ** 2)
            running_mean[c] = momentum * running_mean[c] + (1 - momentum) * mean
            running_var[c] = momentum * running_var[c] + (1 - momentum) * var
        sigmas.append(np.sqrt(var + eps))
        xhats.append((channel - mean) / sigmas[c])
        out[:, c] = gamma[c] * xhats[c] + beta[c]
    bn_param['running_mean'], bn_param['running_var'] = running_mean, running_var
    return out, (xhats, sigmas, gamma)


def spatial_batchnorm_backward(dout, cache):
    xhats, sigmas, gamma = cache
    dx, dgamma, dbeta = np.zeros(dout.shape), np.zeros(len(gamma)), np.zeros(len(gamma))
    for c in range(dout.shape[1]):
        d = dout[:, c]
        dgamma[c], dbeta[c] = np.sum(d * xhats[c]), np.sum(d)
        dx[:, c] = gamma[c] / sigmas[c] * (d - dbeta[c] / d.size - xhats[c] * dgamma[c] / d.size)
    return dx, dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    eps = gn_param.get('eps', 1e-5)
    grouped = x.reshape((N, G, C // G, H, W))
    mean = np.mean(grouped, axis=(2, 3, 4), keepdims=True)
    var = np.var(grouped, axis=(2, 3, 4), keepdims=True)
    xhat = ((grouped - mean) / np.sqrt(var + eps)).reshape((N, C, H, W))
    return gamma * xhat + beta, (G, x, mean, var, gamma, xhat, eps)


def spatial_groupnorm_backward(dout, cache):
    G, x, mean, var, gamma, xhat, eps = cache
    N, C, H, W = dout.shape
    m = C // G * H * W
    dbeta = np.sum(dout, axis=(0, 2, 3))
    dgamma = np.sum(dout * xhat, axis=(0, 2, 3))
    dxhat = (dout * gamma).reshape((N, G, C // G, H, W))
    centred = x.reshape(dxhat.shape) - mean
    dvar = np.sum(dxhat * centred * -0.5 * (var + eps) ** -1.5, axis=(2, 3, 4), keepdims=True)
    dmean = np.sum(-dxhat / np.sqrt(var + eps), axis=(2, 3, 4), keepdims=True)
    dx = dxhat / np.sqrt(var + eps) + dvar * 2 * centred / m + dmean / m
    return dx.reshape(dout.shape), dgamma, dbeta
