import numpy as np


class Linear:
    @staticmethod
    def forward(x, w, b):
        out = np.zeros((x.shape[0], w.shape[1]))
        for n in range(x.shape[0]):
            for m in range(w.shape[1]):
                out[n, m] = sum(x[n, d] * w[d, m] for d in range(x.shape[1])) + b[m]
        return out, (x, w, b)

    @staticmethod
    def backward(dout, cache):
        x, w, b = cache
        dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(b.shape)
        for n in range(dout.shape[0]):
            for m in range(dout.shape[1]):
                db[m] += dout[n, m]
                for d in range(x.shape[1]):
                    dx[n, d] += dout[n, m] * w[d, m]
                    dw[d, m] += dout[n, m] * x[n, d]
        return dx, dw, db


class ReLU:
    @staticmethod
    def forward(x):
        out = x.copy()
        for place in np.ndindex(x.shape):
            if x[place] < 0:
                out[place] = 0
        return out, x

    @staticmethod
    def backward(dout, cache):
        dx = np.zeros(cache.shape)
        for place in np.ndindex(cache.shape):
            if cache[place] > 0:
                dx[place] = dout[place]
        return dx


class LinearReLU:
    @staticmethod
    def forward(x, w, b):
        a, fc_cache = Linear.forward(x, w, b)
        out, relu_cache = ReLU.forward(a)
        return out, (fc_cache, relu_cache)

    @staticmethod
    def backward(dout, cache):
        fc_cache, relu_cache = cache
        return Linear.backward(ReLU.backward(dout, relu_cache), fc_cache)


def softmax_loss(scores, y):
    N, C = scores.shape
    loss = 0.0
    dscores = np.zeros((N, C))
    for n in range(N):
        top = max(scores[n])
        total = sum(np.exp(scores[n, c] - top) for c in range(C))
        loss += np.log(total) - (scores[n, y[n]] - top)
        for c in range(C):
            dscores[n, c] = np.exp(scores[n, c] - top) / total / N
            if c == y[n]:
                dscores[n, c] -= 1.0 / N
    return loss / N, dscores
