import numpy as np


class Linear:
    @staticmethod
    def forward(x, w, b):
        y = x.dot(w)
        y += b
        return y, {"x": x, "w": w}

    @staticmethod
    def backward(dout, cache):
        db = np.sum(dout, axis=0)
        dw = cache["x"].T.dot(dout)
        dx = dout.dot(cache["w"].T)
        return dx, dw, db


class ReLU:
    @staticmethod
    def forward(x):
        x[x < 0] = 0
        return x, x > 0

    @staticmethod
    def backward(dout, cache):
        dout *= cache
        return dout


class LinearReLU:
    @staticmethod
    def forward(x, w, b):
        y, c = Linear.forward(x, w, b)
        y, c["mask"] = ReLU.forward(y)
        return y, c

    @staticmethod
    def backward(dout, cache):
        return Linear.backward(ReLU.backward(dout, cache["mask"]), cache)


def softmax_loss(scores, y):
    rows = range(scores.shape[0])
    scores -= np.max(scores, axis=1).reshape(-1, 1)
    np.exp(scores, out=scores)
    scores /= np.sum(scores, axis=1).reshape(-1, 1)
    loss = -np.mean(np.log(scores[rows, y]))
    scores[rows, y] -= 1
    return loss, scores
