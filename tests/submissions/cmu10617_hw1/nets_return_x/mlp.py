"""Multi-layer perceptrons with dropout and momentum, written with numpy alone (10-417/10-617, homework 1).

Data is laid out in columns: a batch x has the shape (indim, B), one example a column.
A training step is zerograd(), forward(x), the loss's forward and backward, backward(g), step().
Gradients add up from one backward() to the next, and only zerograd() clears them.
"""

import numpy as np

# The course's Omniglot subset has this many alphabets to tell apart.
CLASSES = 14


def random_weight_init(input, output):
    """Return a Glorot-uniform weight of shape (output, input): U(−a, a) with a = √6 / √(input + output).

    One call of numpy.random.uniform.
    """
    bound = np.sqrt(6) / np.sqrt(input + output)
    return np.random.uniform(-bound, bound, (output, input))


def zeros_bias_init(outd):
    """Return a bias of zeros, float64 of shape (outd, 1): a column, so that it broadcasts over a batch."""
    return np.zeros((outd, 1))


def labels2onehot(labels):
    """Return bool of shape (B, CLASSES) for B integer labels: row i is True at labels[i] alone.

    The rows are examples. The loss wants examples in columns, so transpose a batch of them.
    """
    return np.reshape(labels, (-1, 1)) == np.arange(CLASSES)


class Transform:
    """What each layer and each net offers; as it stands, one without parameters."""

    def __init__(self):
        """Set up parameters and what belongs to them, if there are any."""

    def forward(self, x):
        """Return the output for the columns of x, and keep what backward() needs."""

    def backward(self, grad_wrt_out):
        """Add the parameters' gradients to those already there, and return the gradient for the last input."""

    def step(self):
        """Move the parameters by the gradients added up so far."""

    def zerograd(self):
        """Set the parameters' gradients to zero."""


class ReLU(Transform):
    """max(0, x), then dropout, where dropout_probability p is the probability that a unit is *dropped*.

    This is dropout as in the recitation's slide: nothing is scaled in training, and evaluation scales by 1 − p.
    """

    def __init__(self, dropout_probability=0):
        """Keep p, 0 <= p < 1."""
        Transform.__init__(self)
        self.dropout_probability = dropout_probability

    def forward(self, x, train=True):
        """Return an array in the shape of x, (indim, B); x itself stays as it is.

        train=True:  relu(x) · mask, where mask = u > p and u = np.random.uniform(0, 1, x.shape). That is the
                     only draw, and it happens for p = 0 too, so that seeded runs can be compared.
        train=False: (1 − p) · relu(x), the mean of the above; nothing is drawn.
        """
        if train:
            scale = np.random.uniform(0, 1, x.shape) > self.dropout_probability
        else:
            scale = 1 - self.dropout_probability
        self.slope = scale * (x > 0)
        return scale * np.maximum(x, 0)

    def backward(self, grad_wrt_out):
        """Return grad_wrt_out · mask · (x > 0), in the shape (indim, B) of x.

        x and mask are those of the last forward(); if that was an evaluation, 1 − p stands in place of the mask.
        """
        return grad_wrt_out * self.slope


class LinearMap(Transform):
    """y = W x + b, trained by gradient descent with momentum."""

    def __init__(self, indim, outdim, alpha=0, lr=0.01):
        """Start with W (outdim, indim) and b (outdim, 1) from random_weight_init and zeros_bias_init.

        alpha is the momentum factor and lr the learning rate. Gradients and velocities start at zero.
        """
        Transform.__init__(self)
        self.indim = indim
        self.outdim = outdim
        self.alpha = alpha
        self.lr = lr
        self.W = random_weight_init(indim, outdim)
        self.b = zeros_bias_init(outdim)
        self.velocity_W = np.zeros((outdim, indim))
        self.velocity_b = np.zeros((outdim, 1))
        self.zerograd()

    def forward(self, x):
        """Return W x + b of shape (outdim, B) for x of shape (indim, B)."""
        self.x = x
        return self.W @ x + self.b

    def backward(self, grad_wrt_out):
        """Return ∂L/∂x = Wᵀ g of shape (indim, B) for g = grad_wrt_out of shape (outdim, B).

        Adds g xᵀ to the gradient of W, and the sum of g's columns to that of b. The sums over the batch are not
        divided by B, as the loss has done so already. x is that of the last forward(), which serves any number
        of calls, also after step() and zerograd(); W is the present one.
        """
        self.grad_W = self.grad_W + grad_wrt_out @ self.x.T
        self.grad_b = self.grad_b + grad_wrt_out.sum(axis=1, keepdims=True)
        return self.W.T @ grad_wrt_out

    def step(self):
        """Update W and b by the recitation's momentum rule, g being the gradient added up since zerograd().

        v ← alpha · v + g
        W ← W − lr · v

        b has a velocity of its own. The gradient stays for the next call; clearing it is zerograd()'s.
        """
        self.velocity_W = self.alpha * self.velocity_W + self.grad_W
        self.velocity_b = self.alpha * self.velocity_b + self.grad_b
        # New arrays, not "-=": what getW() or loadparams() shared with a caller keeps its values.
        self.W = self.W - self.lr * self.velocity_W
        self.b = self.b - self.lr * self.velocity_b

    def zerograd(self):
        """Set the gradients of W and b to zero. The velocities are the optimiser's memory and stay."""
        self.grad_W = np.zeros((self.outdim, self.indim))
        self.grad_b = np.zeros((self.outdim, 1))

    def getW(self):
        """Return W, shape (outdim, indim)."""
        return self.W

    def getb(self):
        """Return b, shape (outdim, 1)."""
        return self.b

    def loadparams(self, w, b):
        """Take w (outdim, indim) and b (outdim, 1) as the parameters; gradients and velocities stay as they are."""
        self.W = w
        self.b = b


class SoftmaxCrossEntropyLoss:
    """Cross-entropy of softmax(logits) against one-hot labels, as a mean over the batch."""

    def forward(self, logits, labels):
        """Return the loss, a scalar, for logits of shape (K, B) and one-hot bool labels of the same shape.

        L = −1/B Σ_i log p[y_i, i],  where p = exp(z) / Σ_k exp(z_k) down each column z of logits.
        """
        # softmax(z) = softmax(z − max z), and then no exp can overflow.
        shifted = logits - logits.max(axis=0, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))
        self.p = np.exp(log_p)
        self.labels = labels
        # Picked, not multiplied: 0 · log p would be nan for a p of 0.
        return -np.where(labels, log_p, 0).sum() / logits.shape[1]

    def backward(self):
        """Return ∂L/∂logits = (p − labels) / B of shape (K, B), for the logits and labels of the last forward()."""
        return (self.p - self.labels) / self.p.shape[1]

    def getAccu(self):
        """Return which share of the last forward()'s columns has its largest logit at the label. Not graded."""
        return np.mean(self.p.argmax(axis=0) == self.labels.argmax(axis=0))


class SingleLayerMLP(Transform):
    def __init__(self, indim, outdim, hiddenlayer=100, alpha=0.1, dropout_probability=0, lr=0.01):
        self.build([indim, hiddenlayer, outdim], dropout_probability, alpha, lr)

    def build(self, sizes, dropout_probability, alpha, lr):
        self.linears = [LinearMap(a, b, alpha, lr) for a, b in zip(sizes, sizes[1:])]
        self.relus = [ReLU(dropout_probability) for _ in sizes[2:]]

    def forward(self, x, train=True):
        h = self.linears[0].forward(x)
        for relu, linear in zip(self.relus, self.linears[1:]):
            h = linear.forward(relu.forward(h, train))
        return x

    def backward(self, grad_wrt_out):
        return grad_wrt_out

    def loadparams(self, Ws, bs):
        for linear, W, b in zip(self.linears, Ws, bs):
            linear.loadparams(W, b)

    def getWs(self):
        return [linear.getW() for linear in self.linears]

    def getbs(self):
        return [linear.getb() for linear in self.linears]


class TwoLayerMLP(SingleLayerMLP):
    def __init__(self, indim, outdim, hiddenlayers=[100, 100], alpha=0.1, dropout_probability=0, lr=0.01):
        self.build([indim, *hiddenlayers, outdim], dropout_probability, alpha, lr)
