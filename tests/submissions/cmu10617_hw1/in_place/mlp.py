import numpy as np


def random_weight_init(input, output):
    b = np.sqrt(6) / np.sqrt(input + output)
    return np.random.uniform(-b, b, (output, input))


def zeros_bias_init(outd):
    return np.zeros((outd, 1))


def labels2onehot(labels):
    return np.array([[i == lab for i in range(14)] for lab in labels])


class Transform:
    def __init__(self):
        pass

    def forward(self, x):
        pass

    def backward(self, grad_wrt_out):
        pass

    def step(self):
        pass

    def zerograd(self):
        pass


class ReLU(Transform):
    def __init__(self, dropout_probability=0):
        Transform.__init__(self)
        self.dropout = dropout_probability

    def forward(self, x, train=True):
        self.train = train
        x[x < 0] = 0
        self.positive = x > 0
        if train:
            self.mask = np.random.uniform(0, 1, x.shape) > self.dropout
            x *= self.mask
        else:
            x *= 1 - self.dropout
        return x

    def backward(self, grad_wrt_out):
        grad_wrt_out[~self.positive] = 0
        if self.train:
            grad_wrt_out *= self.mask
        return grad_wrt_out


class LinearMap(Transform):
    def __init__(self, indim, outdim, alpha=0, lr=0.01):
        Transform.__init__(self)
        self.W = random_weight_init(indim, outdim)
        self.b = zeros_bias_init(outdim)
        self.alpha = alpha
        self.lr = lr
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        self.mW = np.zeros_like(self.W)
        self.mb = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return np.dot(self.W, x) + self.b

    def backward(self, grad_wrt_out):
        self.dW += np.dot(grad_wrt_out, self.x.T)
        self.db += np.sum(grad_wrt_out, axis=1, keepdims=True)
        return np.dot(self.W.T, grad_wrt_out)

    def step(self):
        self.mW *= self.alpha
        self.mW += self.dW
        self.mb *= self.alpha
        self.mb += self.db
        self.W -= self.lr * self.mW
        self.b -= self.lr * self.mb

    def zerograd(self):
        self.dW.fill(0)
        self.db.fill(0)

    def getW(self):
        return self.W

    def getb(self):
        return self.b

    def loadparams(self, w, b):
        self.W = w
        self.b = b


class SoftmaxCrossEntropyLoss:
    def forward(self, logits, labels):
        self.labels = labels
        logits -= np.max(logits, axis=0)
        np.exp(logits, out=logits)
        logits /= np.sum(logits, axis=0)
        self.prob = logits
        return -np.mean(np.log(np.sum(self.prob * labels, axis=0)))

    def backward(self):
        grad = self.prob.copy()
        grad -= self.labels
        grad /= self.labels.shape[1]
        return grad

    def getAccu(self):
        return np.mean(np.argmax(self.prob, axis=0) == np.argmax(self.labels, axis=0))


class SingleLayerMLP(Transform):
    def __init__(self, indim, outdim, hiddenlayer=100, alpha=0.1, dropout_probability=0, lr=0.01):
        Transform.__init__(self)
        self.l1 = LinearMap(indim, hiddenlayer, alpha, lr)
        self.r1 = ReLU(dropout_probability)
        self.l2 = LinearMap(hiddenlayer, outdim, alpha, lr)

    def forward(self, x, train=True):
        return self.l2.forward(self.r1.forward(self.l1.forward(x), train))

    def backward(self, grad_wrt_out):
        return self.l1.backward(self.r1.backward(self.l2.backward(grad_wrt_out)))

    def step(self):
        self.l1.step()
        self.l2.step()

    def zerograd(self):
        self.l1.zerograd()
        self.l2.zerograd()

    def loadparams(self, Ws, bs):
        self.l1.loadparams(Ws[0], bs[0])
        self.l2.loadparams(Ws[1], bs[1])

    def getWs(self):
        return [self.l1.getW(), self.l2.getW()]

    def getbs(self):
        return [self.l1.getb(), self.l2.getb()]


class TwoLayerMLP(Transform):
    def __init__(self, indim, outdim, hiddenlayers=[100, 100], alpha=0.1, dropout_probability=0, lr=0.01):
        Transform.__init__(self)
        self.l1 = LinearMap(indim, hiddenlayers[0], alpha, lr)
        self.r1 = ReLU(dropout_probability)
        self.l2 = LinearMap(hiddenlayers[0], hiddenlayers[1], alpha, lr)
        self.r2 = ReLU(dropout_probability)
        self.l3 = LinearMap(hiddenlayers[1], outdim, alpha, lr)

    def forward(self, x, train=True):
        h1 = self.r1.forward(self.l1.forward(x), train)
        h2 = self.r2.forward(self.l2.forward(h1), train)
        return self.l3.forward(h2)

    def backward(self, grad_wrt_out):
        g = self.r2.backward(self.l3.backward(grad_wrt_out))
        g = self.r1.backward(self.l2.backward(g))
        return self.l1.backward(g)

    def step(self):
        for l in (self.l1, self.l2, self.l3):
            l.step()

    def zerograd(self):
        for l in (self.l1, self.l2, self.l3):
            l.zerograd()

    def loadparams(self, Ws, bs):
        self.l1.loadparams(Ws[0], bs[0])
        self.l2.loadparams(Ws[1], bs[1])
        self.l3.loadparams(Ws[2], bs[2])

    def getWs(self):
        return [self.l1.getW(), self.l2.getW(), self.l3.getW()]

    def getbs(self):
        return [self.l1.getb(), self.l2.getb(), self.l3.getb()]
