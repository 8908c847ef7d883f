"""A multilayer perceptron from the parts in mytorch, and a loop that trains it.

B is the batch size, D the number of inputs (input_size) and C the number of classes (output_size).
"""

import numpy as np
from batchnorm import BatchNorm
from linear import Linear


class MLP:
    """Layers in a row, each of them Linear -> BatchNorm (in the first num_bn_layers of them) -> activation.

    input_size, output_size: D and C.
    hiddens: sizes of the hidden layers; [] makes a linear classifier.
    activations: one object a layer, len(hiddens) + 1 of them.
    weight_init_fn, bias_init_fn: see Linear; called layer by layer, W before b.
    criterion: a Criterion object.
    lr, momentum: of the gradient step.

    linear_layers: list of the Linear, input side first. bn_layers: list of the BatchNorm, empty if there are none.
    output: result of the last forward pass, (B, C). nlayers: number of Linear. bn: whether there is any BatchNorm.
    train_mode: True after train(), False after eval().

    ValueError: activations or num_bn_layers don't fit the number of layers.
    """

    def __init__(
        self,
        input_size,
        output_size,
        hiddens,
        activations,
        weight_init_fn,
        bias_init_fn,
        criterion,
        lr,
        momentum=0.0,
        num_bn_layers=0,
    ):
        self.train_mode = True
        self.num_bn_layers = num_bn_layers
        self.bn = num_bn_layers > 0
        self.nlayers = len(hiddens) + 1
        self.input_size = input_size
        self.output_size = output_size
        self.activations = activations
        self.criterion = criterion
        self.lr = lr
        self.momentum = momentum
        self.output = None

        if len(activations) != self.nlayers:
            raise ValueError(f"{self.nlayers} layers need as many activations, got {len(activations)}")
        if not 0 <= num_bn_layers <= self.nlayers:
            raise ValueError(f"num_bn_layers must lie between 0 and {self.nlayers}, got {num_bn_layers}")

        self.linear_layers = []
        self.bn_layers = []
        # TODO: implement MLP.__init__
        raise NotImplementedError("MLP.__init__")

    def forward(self, x):
        """Return the logits, (B, C), for x, (B, D), and keep them in `output`."""
        # TODO: implement MLP.forward
        raise NotImplementedError("MLP.forward")

    def backward(self, labels):
        """Set the gradients of all layers for the batch of the last forward pass, made in training mode.

        labels: (B, C), rows that sum to one.
        dW and db belong to the mean of the losses over the batch, dgamma and dbeta to their sum: course handout.
        """
        # TODO: implement MLP.backward
        raise NotImplementedError("MLP.backward")

    def zero_grads(self):
        """Set dW, db, dgamma and dbeta of all layers to zeros of their own shapes."""
        # TODO: implement MLP.zero_grads
        raise NotImplementedError("MLP.zero_grads")

    def step(self):
        """Take one step of gradient descent with momentum; source: course handout.

        v = momentum * v - lr * dW,    W = W + v,    and the same for b with a velocity of its own.
        gamma and beta have no velocity: they take the plain step at every momentum.
        """
        # TODO: implement MLP.step
        raise NotImplementedError("MLP.step")

    def error(self, labels):
        """Return how many samples of the last batch have their greatest logit in the wrong class."""
        return (self.output.argmax(axis=1) != labels.argmax(axis=1)).sum()

    def total_loss(self, labels):
        """Return the sum of the losses of the last batch."""
        return self.criterion(self.output, labels).sum()

    def __call__(self, x):
        return self.forward(x)

    def train(self):
        """Normalise with the statistics of the batch from now on."""
        self.train_mode = True

    def eval(self):
        """Normalise with the running statistics from now on."""
        self.train_mode = False


def get_training_stats(mlp, dset, nepochs, batch_size):
    """Train mlp and return how it went: training_losses, training_errors, validation_losses, validation_errors.

    dset: (train, validation, test), each of them a pair of inputs (N, D) and one-hot labels (N, C); test is not used.
    Each result is (nepochs,): the loss of a sample in the mean, the share of wrong ones. An epoch's training figures
    are taken batch by batch while the net learns, its validation figures after that, in evaluation mode.

    The samples are shuffled anew each epoch, by np.random; the last batch may be a smaller one. mlp is left in
    evaluation mode.
    """
    # TODO: implement get_training_stats
    raise NotImplementedError("get_training_stats")
