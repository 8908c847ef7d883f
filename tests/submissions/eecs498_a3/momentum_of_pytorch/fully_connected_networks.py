"""A3 of another edition: softmax_loss and Linear_ReLU are written here, with loops first and vectors later."""
import math
import torch
from torch import nn
import libs
from libs import Solver
from libs.grad import rel_error, compute_numeric_gradient


def softmax_loss(x, y):
    N = x.shape[0]
    shifted = x - x.max(dim=1, keepdim=True).values
    Z = shifted.exp().sum(dim=1, keepdim=True)
    log_probs = shifted - Z.log()
    probs = log_probs.exp()
    loss = (-1.0 / N) * log_probs[torch.arange(N), y].sum()
    dx = probs.clone()
    dx[torch.arange(N), y] -= 1
    dx /= N
    return loss, dx


class Linear(object):
    @staticmethod
    def forward(x, w, b):
        N, M = x.shape[0], w.shape[1]
        out = torch.zeros(N, M, dtype=x.dtype)
        for n in range(N):
            row = x[n].reshape(-1)
            for m in range(M):
                out[n, m] = (row * w[:, m]).sum() + b[m]
        return out, (x, w, b)

    @staticmethod
    def backward(dout, cache):
        x, w, b = cache
        dx, dw, db = torch.zeros_like(x), torch.zeros_like(w), torch.zeros_like(b)
        for n in range(x.shape[0]):
            dx[n] = (w * dout[n]).sum(dim=1).reshape(x[n].shape)
            dw += x[n].reshape(-1, 1) * dout[n].reshape(1, -1)
            db += dout[n]
        return dx, dw, db


class ReLU(object):
    @staticmethod
    def forward(x):
        return nn.functional.relu(x), x

    @staticmethod
    def backward(dout, cache):
        return torch.where(cache < 0, torch.tensor(0.0).to(dout), dout)


class Linear_ReLU(object):
    @staticmethod
    def forward(x, w, b):
        z, _ = Linear.forward(x, w, b)
        h, _ = ReLU.forward(z)
        return h, {"x": x, "w": w, "b": b, "positive": z > 0}

    @staticmethod
    def backward(dout, cache):
        return Linear.backward(dout * cache["positive"], (cache["x"], cache["w"], cache["b"]))


class TwoLayerNet(object):
    def __init__(self, input_dim=3*32*32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0,
                 dtype=torch.float32, device='cpu'):
        self.reg = reg
        self.net = FullyConnectedNet([hidden_dim], input_dim=input_dim, num_classes=num_classes, reg=0.0,
                                     weight_scale=weight_scale, dtype=dtype, device=device)
        self.params = self.net.params

    def loss(self, X, y=None):
        self.net.params = self.params
        if y is None:
            return self.net.loss(X)
        loss, grads = self.net.loss(X, y)
        for k in ("W1", "W2"):
            loss = loss + self.reg * torch.norm(self.params[k]) ** 2
            grads[k] = grads[k] + 2 * self.reg * self.params[k]
        return loss, grads


class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10, dropout=0.0, reg=0.0,
                 weight_scale=1e-2, seed=None, dtype=torch.float, device='cpu'):
        self.use_dropout = dropout != 0
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}
        sizes = [input_dim, *hidden_dims, num_classes]
        for i in range(1, len(sizes)):
            self.params['W%d' % i] = torch.normal(mean=0.0, std=weight_scale, size=(sizes[i-1], sizes[i])).to(dtype)
            self.params['b%d' % i] = torch.zeros((sizes[i],)).to(dtype)
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {'mode': 'train', 'p': dropout}
            if seed is not None:
                self.dropout_param['seed'] = seed

    def save(self, path):
        checkpoint = {k: getattr(self, k) for k in
                      ('reg', 'dtype', 'params', 'num_layers', 'use_dropout', 'dropout_param')}
        torch.save(checkpoint, path)

    def load(self, path, dtype, device):
        checkpoint = torch.load(path, map_location='cpu', weights_only=False)
        self.__dict__.update(checkpoint)
        self.dtype = dtype
        self.params = {k: v.to(dtype) for k, v in self.params.items()}

    def loss(self, X, y=None):
        X = X.to(self.dtype)
        train = y is not None
        if self.use_dropout:
            self.dropout_param['mode'] = 'train' if train else 'test'
        a, tape = X, []
        for i in range(1, self.num_layers + 1):
            W, b = self.params['W%d' % i], self.params['b%d' % i]
            if i == self.num_layers:
                a, c = Linear.forward(a, W, b)
                tape.append((Linear, c, i))
            else:
                a, c = Linear_ReLU.forward(a, W, b)
                tape.append((Linear_ReLU, c, i))
                if self.use_dropout:
                    a, c = Dropout.forward(a, self.dropout_param)
                    tape.append((Dropout, c, None))
        if not train:
            return a
        loss, d = softmax_loss(a, y)
        grads = {}
        for layer, c, i in reversed(tape):
            if layer is Dropout:
                d = Dropout.backward(d, c)
                continue
            d, grads['W%d' % i], grads['b%d' % i] = layer.backward(d, c)
            loss = loss + 0.5 * self.reg * (self.params['W%d' % i] ** 2).sum()
            grads['W%d' % i] += self.reg * self.params['W%d' % i]
        return loss, grads


def create_solver_instance(data_dict, dtype, device):
    return Solver(TwoLayerNet(hidden_dim=64, dtype=dtype, device=device), data_dict, num_epochs=5,
                  optim_config={"learning_rate": 0.2}, device=device)


def get_three_layer_network_params():
    return 8e-2, 1e-1


def get_five_layer_network_params():
    return 1e-1, 1e-1


def sgd(w, dw, config=None):
    if config is None:
        config = {'learning_rate': 1e-2}
    return w - config['learning_rate'] * dw, config


def _options(config, w, *zeros, **defaults):
    config = dict(config or {})
    for key, value in defaults.items():
        config.setdefault(key, value)
    for key in zeros:
        if config.get(key) is None:
            config[key] = torch.zeros_like(w)
    return config


def sgd_momentum(w, dw, config=None):
    c = _options(config, w, 'velocity', learning_rate=1e-2, momentum=0.9)
    c['velocity'] = c['momentum'] * c['velocity'] + dw
    return w - c['learning_rate'] * c['velocity'], c


def rmsprop(w, dw, config=None):
    c = _options(config, w, 'cache', learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8)
    c['cache'] = c['decay_rate'] * c['cache'] + (1 - c['decay_rate']) * dw.pow(2)
    return w - c['learning_rate'] * dw / (c['cache'].pow(0.5) + c['epsilon']), c


def adam(w, dw, config=None):
    c = _options(config, w, 'm', 'v', learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0)
    c['t'] += 1
    c['m'] = c['beta1'] * c['m'] + (1 - c['beta1']) * dw
    c['v'] = c['beta2'] * c['v'] + (1 - c['beta2']) * dw.pow(2)
    alpha = c['learning_rate'] / (1 - c['beta1'] ** c['t'])
    return w - alpha * c['m'] / ((c['v'] / (1 - c['beta2'] ** c['t'])).sqrt() + c['epsilon']), c


class Dropout(object):
    @staticmethod
    def forward(x, dropout_param):
        if 'seed' in dropout_param:
            torch.manual_seed(dropout_param['seed'])
        if dropout_param['mode'] == 'test':
            return x, (dropout_param, None)
        p = dropout_param['p']
        mask = torch.ones(x.numel())
        mask[torch.rand(x.numel()) <= p] = 0
        mask = mask.reshape(x.shape)
        return x * mask / (1 - p), (dropout_param, mask)

    @staticmethod
    def backward(dout, cache):
        dropout_param, mask = cache
        if mask is None:
            return dout
        return dout * mask / (1 - dropout_param['p'])
