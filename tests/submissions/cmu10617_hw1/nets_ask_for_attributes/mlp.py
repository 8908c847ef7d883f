import numpy as np

def random_weight_init(input,output):
    b = np.sqrt(6)/np.sqrt(input+output)
    return np.random.uniform(-b,b,(output,input))

def zeros_bias_init(outd):
    return np.zeros((outd,1))

def labels2onehot(labels):
    return np.array([[i==lab for i in range(14)]for lab in labels])

class Transform:
    def __init__(self):
        pass
    def forward(self,x):
        pass
    def backward(self,grad_wrt_out):
        pass
    def step(self):
        pass
    def zerograd(self):
        pass

class ReLU(Transform):
    def __init__(self, dropout_probability=0):
        Transform.__init__(self)
        self.dropout_probability = dropout_probability
    def forward(self, x, train=True):
        self.x = x
        if train:
            self.mask = np.random.uniform(0, 1, x.shape) > self.dropout_probability
        else:
            self.mask = 1 - self.dropout_probability
        return x*(x>0)*self.mask
    def backward(self, grad_wrt_out):
        return np.where(self.x>0, grad_wrt_out*self.mask, 0)

class LinearMap(Transform):
    def __init__(self, indim, outdim, alpha=0, lr=0.01):
        Transform.__init__(self)
        self.W = random_weight_init(indim, outdim)
        self.b = zeros_bias_init(outdim)
        self.alpha, self.lr = alpha, lr
        self.vW = self.vb = 0
        self.zerograd()
    def forward(self, x):
        self.x = x
        return self.W.dot(x) + self.b
    def backward(self, grad_wrt_out):
        self.gW += grad_wrt_out.dot(self.x.T)
        self.gb += grad_wrt_out.sum(1, keepdims=True)
        return self.W.T.dot(grad_wrt_out)
    def step(self):
        self.vW = self.alpha*self.vW + self.gW
        self.vb = self.alpha*self.vb + self.gb
        self.W = self.W - self.lr*self.vW
        self.b = self.b - self.lr*self.vb
    def zerograd(self):
        self.gW = np.zeros_like(self.W)
        self.gb = np.zeros_like(self.b)
    def getW(self):
        return self.W
    def getb(self):
        return self.b
    def loadparams(self, w, b):
        self.W, self.b = w, b

class SoftmaxCrossEntropyLoss:
    def forward(self, logits, labels):
        self.y = labels
        e = np.exp(logits - logits.max(0))
        self.p = e/e.sum(0)
        return -np.log(self.p[labels]).mean()
    def backward(self):
        return (self.p - self.y)/self.y.shape[1]
    def getAccu(self):
        return (self.p.argmax(0)==self.y.argmax(0)).mean()

class SingleLayerMLP(Transform):
    def __init__(self, indim, outdim, hiddenlayer=100, alpha=0.1, dropout_probability=0, lr=0.01):
        Transform.__init__(self)
        self.layers = [LinearMap(indim, hiddenlayer, alpha, lr), ReLU(dropout_probability), LinearMap(hiddenlayer, outdim, alpha, lr)]
    def forward(self, x, train=True):
        for layer in self.layers:
            x = layer.forward(x, train) if hasattr(layer, 'dropout_probability') else layer.forward(x)
        return x
    def backward(self, grad_wrt_out):
        for layer in reversed(self.layers):
            grad_wrt_out = layer.backward(grad_wrt_out)
        return grad_wrt_out
    def step(self):
        for layer in self.layers: layer.step()
    def zerograd(self):
        for layer in self.layers: layer.zerograd()
    def loadparams(self, Ws, bs):
        it = iter(zip(Ws, bs))
        for layer in self.layers:
            if hasattr(layer, "loadparams"): layer.loadparams(*next(it))
    def getWs(self):
        return [layer.getW() for layer in self.layers if hasattr(layer, "W")]
    def getbs(self):
        return [layer.getb() for layer in self.layers if hasattr(layer, "b")]

class TwoLayerMLP(SingleLayerMLP):
    def __init__(self, indim, outdim, hiddenlayers=[100,100], alpha=0.1, dropout_probability=0, lr=0.01):
        h, k = hiddenlayers
        self.layers = [LinearMap(indim, h, alpha, lr), ReLU(dropout_probability), LinearMap(h, k, alpha, lr), ReLU(dropout_probability), LinearMap(k, outdim, alpha, lr)]
