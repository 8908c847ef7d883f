import numpy as np
from batchnorm import BatchNorm
from linear import Linear

class MLP:
    def __init__(self, input_size, output_size, hiddens, activations, weight_init_fn, bias_init_fn, criterion, lr, momentum=0.0, num_bn_layers=0):
        self.train_mode = True
        self.num_bn_layers = num_bn_layers
        self.bn = num_bn_layers > 0
        self.nlayers = len(hiddens) + 1
        self.input_size, self.output_size = input_size, output_size
        self.activations, self.criterion, self.lr, self.momentum = activations, criterion, lr, momentum
        sizes = [input_size, *hiddens, output_size]
        self.linear_layers = [Linear(a, b, weight_init_fn, bias_init_fn) for a, b in zip(sizes, sizes[1:])]
        self.bn_layers = [BatchNorm(b) for b in sizes[1:][:num_bn_layers]]

    @property
    def pipeline(self):
        stages = []
        for k, linear in enumerate(self.linear_layers):
            stages += [linear, *self.bn_layers[k:k+1], self.activations[k]]
        return stages

    def forward(self, x):
        self.output = x
        for stage in self.pipeline:
            if hasattr(stage, "norm"):
                self.output = stage(self.output, not self.train_mode)
            else:
                self.output = stage(self.output)
        return self.output

    def zero_grads(self):
        for stage in self.pipeline:
            for grad in ("dW", "db", "dgamma", "dbeta"):
                if hasattr(stage, grad):
                    getattr(stage, grad).fill(0.0)

    def step(self):
        for stage in self.pipeline:
            if hasattr(stage, "momentum_W"):
                stage.momentum_W = self.momentum*stage.momentum_W - self.lr*stage.dW
                stage.momentum_b = self.momentum*stage.momentum_b - self.lr*stage.db
                stage.W += stage.momentum_W
                stage.b += stage.momentum_b
            elif hasattr(stage, "dgamma"):
                stage.gamma -= self.lr*stage.dgamma
                stage.beta -= self.lr*stage.dbeta

    def backward(self, labels):
        self.total_loss(labels)
        delta = self.criterion.derivative()
        for stage in self.pipeline[::-1]:
            if not (hasattr(stage, "momentum_W") or hasattr(stage, "norm")):
                delta = delta * stage.derivative()
            else:
                delta = stage.backward(delta)

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
    train, validation = dset[:2]
    rows = []
    for _ in range(nepochs):
        row = np.zeros(4)
        order = np.random.permutation(len(train[0]))
        mlp.train()
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            mlp.zero_grads()
            mlp(train[0][batch])
            row[:2] += mlp.total_loss(train[1][batch]), mlp.error(train[1][batch])
            mlp.backward(train[1][batch])
            mlp.step()
        row[:2] /= len(order)
        mlp.eval()
        mlp(validation[0])
        row[2:] = mlp.total_loss(validation[1]), mlp.error(validation[1])
        row[2:] /= len(validation[0])
        rows.append(row)
    return tuple(np.array(rows).T)
