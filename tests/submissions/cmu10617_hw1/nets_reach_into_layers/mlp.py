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
        self.rng = np.random.default_rng()
        self.rate = dropout_probability
        self.training = True

    def forward(self, x, train=True):
        self.training = train
        self.on = x > 0
        if train:
            self.on = self.on & (self.rng.random(x.shape) >= self.rate)
            return np.where(self.on, x, 0.0)
        return np.where(self.on, (1 - self.rate) * x, 0.0)

    def backward(self, grad_wrt_out):
        return np.where(self.on, grad_wrt_out, 0.0)


class LinearMap(Transform):
    def __init__(self, indim, outdim, alpha=0, lr=0.01, name="linear"):
        self.name = name
        self.weight = random_weight_init(indim, outdim)
        self.bias = np.random.uniform(-0.1, 0.1, (outdim, 1))
        self.alpha = alpha
        self.lr = lr
        self.velocity = (0.0, 0.0)
        self.grad_w = 0.0
        self.grad_b = 0.0

    def forward(self, x):
        self.x = x.copy()
        self.used_weight = self.weight
        return self.bias + self.weight @ x

    def backward(self, grad_wrt_out):
        self.grad_w += np.einsum("ib,jb->ij", grad_wrt_out, self.x)
        self.grad_b += np.einsum("ib->i", grad_wrt_out)[:, None]
        return self.used_weight.T @ grad_wrt_out

    def step(self):
        vw, vb = self.velocity
        self.velocity = (self.alpha * vw + self.grad_w, self.alpha * vb + self.grad_b)
        self.weight = self.weight - self.lr * self.velocity[0]
        self.bias = self.bias - self.lr * self.velocity[1]
        self.zerograd()

    def zerograd(self):
        self.grad_w = 0.0
        self.grad_b = 0.0

    def getW(self):
        return self.weight

    def getb(self):
        return self.bias

    def loadparams(self, w, b):
        self.weight, self.bias = w, b


class SoftmaxCrossEntropyLoss:
    def forward(self, logits, labels):
        m = logits.max(axis=0)
        logsum = m + np.log(np.exp(logits - m).sum(axis=0))
        self.p, self.y = np.exp(logits - logsum), labels
        return float(np.mean(logsum - logits.T[labels.T]))

    def backward(self):
        n = self.y.shape[1]
        return self.p / n - self.y / n

    def getAccu(self):
        return float((self.p.argmax(0) == self.y.argmax(0)).mean())


class SingleLayerMLP(Transform):
    def __init__(self, indim, outdim, hiddenlayer=100, alpha=0.1, dropout_probability=0, lr=0.01):
        self.build([indim, hiddenlayer, outdim], alpha, dropout_probability, lr)

    def build(self, sizes, alpha, p, lr):
        self.layers = []
        for n, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
            if n > 0:
                self.layers.append(ReLU(p))
            self.layers.append(LinearMap(a, b, alpha=alpha, lr=lr, name=f"linear{n + 1}"))
        self.linears = self.layers[::2]

    def forward(self, x, train=True):
        for layer in self.layers:
            x = layer.forward(x, train) if isinstance(layer, ReLU) else layer.forward(x)
        return x

    def backward(self, grad_wrt_out):
        for layer in reversed(self.layers):
            grad_wrt_out = layer.backward(grad_wrt_out)
        return grad_wrt_out

    def step(self):
        for layer in self.layers:
            layer.step()

    def zerograd(self):
        for layer in self.layers:
            layer.zerograd()

    def loadparams(self, Ws, bs):
        for layer, w, b in zip(self.linears, Ws, bs):
            layer.weight = w
            layer.bias = b

    def getWs(self):
        return [layer.weight for layer in self.linears]

    def getbs(self):
        return [layer.bias for layer in self.linears]


class TwoLayerMLP(SingleLayerMLP):
    def __init__(self, indim, outdim, hiddenlayers=[100, 100], alpha=0.1, dropout_probability=0, lr=0.01):
        self.build([indim] + list(hiddenlayers) + [outdim], alpha, dropout_probability, lr)
