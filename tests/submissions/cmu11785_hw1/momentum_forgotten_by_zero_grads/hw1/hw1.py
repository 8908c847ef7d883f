import os
import sys

import numpy as np

sys.path.append("mytorch")
from loss import *
from activation import *
from batchnorm import *
from linear import *


class MLP(object):
    def __init__(self, input_size, output_size, hiddens, activations, weight_init_fn,
                 bias_init_fn, criterion, lr, momentum=0.0, num_bn_layers=0):
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

        layers = [input_size] + hiddens + [output_size]
        self.linear_layers = [Linear(layers[i], layers[i + 1], weight_init_fn, bias_init_fn)
                              for i in range(self.nlayers)]
        if self.bn:
            self.bn_layers = [BatchNorm(hiddens[i]) for i in range(num_bn_layers)]
        self.output = None

    def forward(self, x):
        for i in range(self.nlayers):
            x = self.linear_layers[i].forward(x)
            if self.bn and i < self.num_bn_layers:
                x = self.bn_layers[i].forward(x, not self.train_mode)
            x = self.activations[i].forward(x)
        self.output = x
        return self.output

    def zero_grads(self):
        for layer in self.linear_layers:
            layer.dW.fill(0.0)
            layer.db.fill(0.0)
            layer.momentum_W.fill(0.0)
            layer.momentum_b.fill(0.0)
        if self.bn:
            for layer in self.bn_layers:
                layer.dgamma.fill(0.0)
                layer.dbeta.fill(0.0)

    def step(self):
        for i in range(len(self.linear_layers)):
            layer = self.linear_layers[i]
            layer.momentum_W = self.momentum * layer.momentum_W - self.lr * layer.dW
            layer.momentum_b = self.momentum * layer.momentum_b - self.lr * layer.db
            layer.W += layer.momentum_W
            layer.b += layer.momentum_b
        if self.bn:
            for layer in self.bn_layers:
                layer.gamma = layer.gamma - self.lr * layer.dgamma
                layer.beta = layer.beta - self.lr * layer.dbeta

    def backward(self, labels):
        self.criterion.forward(self.activations[-1].state, labels)
        delta = self.criterion.derivative()
        for i in range(self.nlayers - 1, -1, -1):
            delta = np.multiply(delta, self.activations[i].derivative())
            if self.bn and i < self.num_bn_layers:
                delta = self.bn_layers[i].backward(delta)
            delta = self.linear_layers[i].backward(delta)

    def error(self, labels):
        return (np.argmax(self.output, axis=1) != np.argmax(labels, axis=1)).sum()

    def total_loss(self, labels):
        return self.criterion(self.output, labels).sum()

    def __call__(self, x):
        return self.forward(x)

    def train(self):
        self.train_mode = True

    def eval(self):
        self.train_mode = False


def get_training_stats(mlp, dset, nepochs, batch_size):
    train, val, test = dset
    trainx, trainy = train
    valx, valy = val
    idxs = np.arange(len(trainx))
    training_losses, training_errors, validation_losses, validation_errors = [], [], [], []
    for e in range(nepochs):
        np.random.shuffle(idxs)
        loss, err = 0, 0
        mlp.train()
        for b in range(0, len(trainx), batch_size):
            rows = idxs[b:b + batch_size]
            mlp.zero_grads()
            mlp.forward(trainx[rows])
            mlp.backward(trainy[rows])
            mlp.step()
            loss += mlp.total_loss(trainy[rows])
            err += mlp.error(trainy[rows])
        training_losses.append(loss / len(trainx))
        training_errors.append(err / len(trainx))
        print("epoch", e, "loss", training_losses[-1])
        mlp.eval()
        mlp.forward(valx)
        validation_losses.append(mlp.total_loss(valy) / len(valx))
        validation_errors.append(mlp.error(valy) / len(valx))
    return (training_losses, training_errors, validation_losses, validation_errors)
