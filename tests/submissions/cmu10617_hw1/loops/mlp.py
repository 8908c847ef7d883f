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
        self.p = dropout_probability

    def forward(self, x, train=True):
        out = np.zeros(x.shape)
        self.keep = np.zeros(x.shape)
        u = np.random.uniform(0, 1, x.shape)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                if x[i, j] <= 0:
                    continue
                if train:
                    if u[i, j] > self.p:
                        self.keep[i, j] = 1
                        out[i, j] = x[i, j]
                else:
                    self.keep[i, j] = 1
                    out[i, j] = x[i, j] * (1 - self.p)
        return out

    def backward(self, grad_wrt_out):
        out = np.zeros(grad_wrt_out.shape)
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                if self.keep[i, j]:
                    out[i, j] = grad_wrt_out[i, j]
        return out


class LinearMap(Transform):
    def __init__(self, indim, outdim, alpha=0, lr=0.01):
        self.indim = indim
        self.outdim = outdim
        self.alpha = alpha
        self.lr = lr
        self.W = random_weight_init(indim, outdim)
        self.b = zeros_bias_init(outdim)
        self.vW = 0
        self.vb = 0
        self.zerograd()

    def forward(self, x):
        self.inputs = [x[:, j] for j in range(x.shape[1])]
        columns = []
        for col in self.inputs:
            y = np.zeros(self.outdim)
            for i in range(self.outdim):
                y[i] = np.dot(self.W[i], col) + self.b[i, 0]
            columns.append(y)
        return np.array(columns).T

    def backward(self, grad_wrt_out):
        result = np.zeros((self.indim, grad_wrt_out.shape[1]))
        for j, col in enumerate(self.inputs):
            g = grad_wrt_out[:, j]
            for i in range(self.outdim):
                self.gW[i] += g[i] * col
                self.gb[i, 0] += g[i]
                result[:, j] += self.W[i] * g[i]
        return result

    def step(self):
        self.vW = self.alpha * self.vW + self.lr * self.gW
        self.vb = self.alpha * self.vb + self.lr * self.gb
        self.W = self.W - self.vW
        self.b = self.b - self.vb

    def zerograd(self):
        self.gW = np.zeros((self.outdim, self.indim))
        self.gb = np.zeros((self.outdim, 1))

    def getW(self):
        return self.W.copy()

    def getb(self):
        return self.b.copy()

    def loadparams(self, w, b):
        self.W = w
        self.b = b


class SoftmaxCrossEntropyLoss:
    def forward(self, logits, labels):
        total = 0
        self.n = logits.shape[1]
        self.grad = np.zeros(logits.shape)
        for j in range(self.n):
            biggest = max(logits[:, j])
            e = [np.exp(z - biggest) for z in logits[:, j]]
            s = sum(e)
            for k in range(len(e)):
                self.grad[k, j] = e[k] / s
                if labels[k, j]:
                    total -= np.log(e[k] / s)
                    self.grad[k, j] -= 1
        return total / self.n

    def backward(self):
        return self.grad / self.n

    def getAccu(self):
        return 0


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
