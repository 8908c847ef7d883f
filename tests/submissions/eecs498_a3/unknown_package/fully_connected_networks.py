from cs231n.layers import *
# -*- coding: utf-8 -*-
# Redes completamente conectadas — versión final (ñandú)
import torch, eces681
from eces681 import Solver, reset_seed
from a3_helper import *

reset_seed(0)


class Linear:
    @staticmethod
    def forward(x, w, b):
        xf = x.reshape(x.shape[0], w.shape[0])
        return torch.addmm(b, xf, w), (x, w, b)

    @staticmethod
    def backward(dout, cache):
        x, w, b = cache
        xf = x.reshape(x.shape[0], w.shape[0])
        return torch.einsum('nm,dm->nd', dout, w).reshape_as(x), torch.einsum('nd,nm->dm', xf, dout), dout.sum(0)


class ReLU:
    @staticmethod
    def forward(x):
        mask = (x > 0).float()
        return x * mask, (x, mask)

    @staticmethod
    def backward(dout, cache):
        _, mask = cache
        dout *= mask
        return dout


class Linear_ReLU:
    @staticmethod
    def forward(x, w, b):
        scores, lin = Linear.forward(x, w, b)
        out, rel = ReLU.forward(scores)
        return out, [lin, rel]

    @staticmethod
    def backward(dout, cache):
        lin, rel = cache
        return Linear.backward(ReLU.backward(dout, rel), lin)


class TwoLayerNet:
    def __init__(self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.05,
                 dtype=torch.float32, device='cpu'):
        print("TwoLayerNet →", input_dim, hidden_dim, num_classes)
        self.reg = reg
        self.params = dict(
            W1=(torch.randn(input_dim, hidden_dim) * weight_scale).to(device=device, dtype=dtype),
            b1=torch.zeros(hidden_dim).to(device=device, dtype=dtype),
            W2=(torch.randn(hidden_dim, num_classes) * weight_scale).to(device=device, dtype=dtype),
            b2=torch.zeros(num_classes).to(device=device, dtype=dtype))

    def loss(self, X, y=None):
        P = self.params
        H, c1 = Linear_ReLU.forward(X, P['W1'], P['b1'])
        S, c2 = Linear.forward(H, P['W2'], P['b2'])
        if y is None:
            return S
        L, dS = softmax_loss(S, y)
        L = L.item() + self.reg * sum(float((P[k] ** 2).sum()) for k in ('W1', 'W2'))
        dH, dW2, db2 = Linear.backward(dS, c2)
        dX, dW1, db1 = Linear_ReLU.backward(dH, c1)
        g = {'W1': dW1 + 2 * self.reg * P['W1'], 'b1': db1, 'W2': dW2 + 2 * self.reg * P['W2'], 'b2': db2}
        return L, g


class FullyConnectedNet:
    def __init__(self, hidden_dims, input_dim=3072, num_classes=10, dropout=0.0, reg=0.01, weight_scale=1e-2,
                 seed=None, dtype=torch.float, device='cpu'):
        self.use_dropout, self.reg, self.dtype = dropout != 0, reg, dtype
        self.num_layers = len(hidden_dims) + 1
        dims = [input_dim] + list(hidden_dims) + [num_classes]
        self.params = {}
        for l, (a, b) in enumerate(zip(dims[:-1], dims[1:]), start=1):
            self.params[f'W{l}'] = weight_scale * torch.randn((a, b), dtype=dtype, device=device)
            self.params[f'b{l}'] = torch.zeros((b,), dtype=dtype, device=device)
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {'mode': 'train', 'p': dropout}
            if seed is not None:
                self.dropout_param['seed'] = seed

    def save(self, path):
        torch.save(dict(reg=self.reg, dtype=self.dtype, params=self.params, num_layers=self.num_layers,
                        use_dropout=self.use_dropout, dropout_param=self.dropout_param), path)

    def load(self, path, dtype, device):
        ck = torch.load(path, map_location='cpu')
        self.dtype = dtype
        self.reg, self.num_layers = ck['reg'], ck['num_layers']
        self.use_dropout, self.dropout_param = ck['use_dropout'], ck['dropout_param']
        for k, v in ck['params'].items():
            self.params[k] = v.type(dtype).to(device)

    def _forward(self, X, training):
        layers = []
        for l in range(1, self.num_layers):
            X, c = Linear_ReLU.forward(X, self.params[f'W{l}'], self.params[f'b{l}'])
            m = torch.ones_like(X)
            if self.use_dropout and training:
                # one multiplication by a mask, kept for the way back
                X, (_, m) = Dropout.forward(X, self.dropout_param)
            layers.append((c, m))
        S, c = Linear.forward(X, self.params[f'W{self.num_layers}'], self.params[f'b{self.num_layers}'])
        return S, c, layers

    def loss(self, X, y=None):
        X = X.to(self.dtype)
        if self.use_dropout:
            self.dropout_param['mode'] = 'test' if y is None else 'train'
        S, last, layers = self._forward(X, y is not None)
        if y is None:
            return S
        L, d = softmax_loss(S, y)
        n = self.num_layers
        g = {}
        d, g[f'W{n}'], g[f'b{n}'] = Linear.backward(d, last)
        for l in reversed(range(1, n)):
            c, m = layers[l - 1]
            d, g[f'W{l}'], g[f'b{l}'] = Linear_ReLU.backward(d * m, c)
        for k in self.params:
            if k.startswith('W'):
                L += self.reg * 0.5 * (self.params[k] ** 2).sum()
                g[k] += self.reg * self.params[k]
        return L.item(), g


def create_solver_instance(data_dict, dtype, device):
    return Solver(TwoLayerNet(hidden_dim=100, dtype=dtype, device=device, reg=0.0), data_dict,
                  update_rule=adam, optim_config={'learning_rate': 1e-3}, num_epochs=10, device=device)


def get_three_layer_network_params():
    return 1e-1, 2e-1


def get_five_layer_network_params():
    return 12e-2, 15e-2


def sgd(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-2)
    return w - config['learning_rate'] * dw, config


def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {}
    lr, mu = config.setdefault('learning_rate', 1e-2), config.setdefault('momentum', 0.9)
    config['velocity'] = mu * config.setdefault('velocity', torch.zeros_like(w)) - lr * dw
    return w.add(config['velocity']), config


def rmsprop(w, dw, config=None):
    if config is None:
        config = {}
    lr, d = config.setdefault('learning_rate', 1e-2), config.setdefault('decay_rate', 0.99)
    eps = config.setdefault('epsilon', 1e-8)
    config.setdefault('cache', torch.zeros_like(w))
    config['cache'] = torch.lerp(dw.square(), config['cache'], d)
    return w.addcdiv(dw, config['cache'].sqrt().add(eps), value=-lr), config


def adam(w, dw, config=None):
    if config is None:
        config = {}
    lr, eps = config.setdefault('learning_rate', 1e-3), config.setdefault('epsilon', 1e-8)
    b1, b2 = config.setdefault('beta1', 0.9), config.setdefault('beta2', 0.999)
    config['t'] = t = config.get('t', 0) + 1
    config['m'] = m = b1 * config.get('m', torch.zeros_like(w)) + (1 - b1) * dw
    config['v'] = v = b2 * config.get('v', torch.zeros_like(w)) + (1 - b2) * dw.square()
    step = lr * (1 - b2 ** t) ** 0.5 / (1 - b1 ** t)
    # the same as with corrected moments, with epsilon scaled alike
    return w - step * m / (v.sqrt() + eps * (1 - b2 ** t) ** 0.5), config


class Dropout:
    @staticmethod
    def forward(x, dropout_param):
        p, mode = dropout_param['p'], dropout_param['mode']
        if 'seed' in dropout_param:
            torch.manual_seed(dropout_param['seed'])
        if mode == 'train':
            keep = 1.0 - p
            mask = torch.bernoulli(torch.full(x.shape, keep)) / keep
            return x * mask, (dropout_param, mask)
        return x.clone(), (dropout_param, torch.ones(x.shape))

    @staticmethod
    def backward(dout, cache):
        _, mask = cache
        return dout * mask
