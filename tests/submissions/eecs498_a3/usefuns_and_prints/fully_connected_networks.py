"""
实现全连接网络 HW8 — 刘同学
"""
import torch
import random
import usefuns
from usefuns import Solver
from a3_helper import *


def hello_fully_connected_networks():
    print('Hello from fully_connected_networks.py!')


class Linear(object):

    @staticmethod
    def forward(x, w, b):
        # 先把每一张图片展开成一行
        out = None
        N = x.shape[0]
        out = x.view(N, -1).mm(w) + b
        cache = (x, w, b)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        x, w, b = cache
        dx, dw, db = None, None, None
        dx = dout.mm(w.T).view_as(x)
        dw = x.view(x.shape[0], -1).T.mm(dout)
        db = torch.sum(dout, 0)
        return dx, dw, db


class ReLU(object):

    @staticmethod
    def forward(x):
        out = x.clone()
        out[out < 0] = 0
        cache = x
        return out, cache

    @staticmethod
    def backward(dout, cache):
        dx, x = None, cache
        dx = dout.clone()
        dx[x < 0] = 0   # x≤0 的地方没有梯度
        return dx


class Linear_ReLU(object):

    @staticmethod
    def forward(x, w, b):
        a, fc_cache = Linear.forward(x, w, b)
        out, relu_cache = ReLU.forward(a)
        cache = (fc_cache, relu_cache)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        fc_cache, relu_cache = cache
        da = ReLU.backward(dout, relu_cache)
        dx, dw, db = Linear.backward(da, fc_cache)
        return dx, dw, db


class TwoLayerNet(object):

    def __init__(self, input_dim=3*32*32, hidden_dim=100, num_classes=10,
                 weight_scale=1e-3, reg=0.0,
                 dtype=torch.float32, device='cpu'):
        self.params = {}
        self.reg = reg
        self.params['W1'] = torch.randn(input_dim, hidden_dim, dtype=dtype, device=device) * weight_scale
        self.params['b1'] = torch.zeros(hidden_dim, dtype=dtype, device=device)
        self.params['W2'] = torch.randn(hidden_dim, num_classes, dtype=dtype, device=device) * weight_scale
        self.params['b2'] = torch.zeros(num_classes, dtype=dtype, device=device)
        print('两层网络', {k: v.shape for k, v in self.params.items()})

    def loss(self, X, y=None):
        scores = None
        h, cache1 = Linear_ReLU.forward(X, self.params['W1'], self.params['b1'])
        scores, cache2 = Linear.forward(h, self.params['W2'], self.params['b2'])
        if y is None:
            return scores

        loss, grads = 0, {}
        loss, ds = softmax_loss(scores, y)
        loss += self.reg * (torch.sum(self.params['W1'] ** 2) + torch.sum(self.params['W2'] ** 2))
        dh, grads['W2'], grads['b2'] = Linear.backward(ds, cache2)
        _, grads['W1'], grads['b1'] = Linear_ReLU.backward(dh, cache1)
        grads['W2'] += 2 * self.reg * self.params['W2']
        grads['W1'] += 2 * self.reg * self.params['W1']
        return loss, grads


class FullyConnectedNet(object):

    def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10,
                 dropout=0.0, reg=0.0, weight_scale=1e-2, seed=None,
                 dtype=torch.float, device='cpu'):
        self.use_dropout = dropout != 0
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}

        dims = [input_dim] + hidden_dims + [num_classes]
        print(dims)
        for i in range(self.num_layers):
            self.params['W' + repr(i+1)] = weight_scale * torch.randn(dims[i], dims[i+1], dtype=dtype, device=device)
            self.params['b' + repr(i+1)] = torch.zeros(dims[i+1], dtype=dtype, device=device)

        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {'mode': 'train', 'p': dropout}
            if seed is not None:
                self.dropout_param['seed'] = seed

    def save(self, path):
        checkpoint = {
            'reg': self.reg,
            'dtype': self.dtype,
            'params': self.params,
            'num_layers': self.num_layers,
            'use_dropout': self.use_dropout,
            'dropout_param': self.dropout_param,
        }
        torch.save(checkpoint, path)
        print("Saved in {}".format(path))

    def load(self, path, dtype, device):
        checkpoint = torch.load(path, map_location='cpu')
        self.params = checkpoint['params']
        self.dtype = dtype
        self.reg = checkpoint['reg']
        self.num_layers = checkpoint['num_layers']
        self.use_dropout = checkpoint['use_dropout']
        self.dropout_param = checkpoint['dropout_param']
        for p in self.params:
            self.params[p] = self.params[p].type(dtype).to(device)
        print("load checkpoint file: {}".format(path))

    def loss(self, X, y=None):
        X = X.to(self.dtype)
        mode = 'test' if y is None else 'train'
        if self.use_dropout:
            self.dropout_param['mode'] = mode
        out = X
        caches = []
        caches_drop = []
        for i in range(self.num_layers-1):
            out, cache = Linear_ReLU.forward(out, self.params['W'+repr(i+1)], self.params['b'+repr(i+1)])
            caches.append(cache)
            if self.use_dropout:
                out, cache = Dropout.forward(out, self.dropout_param)
                caches_drop.append(cache)
        scores, cache = Linear.forward(out, self.params['W'+repr(self.num_layers)], self.params['b'+repr(self.num_layers)])
        caches.append(cache)
        if mode == 'test':
            return scores

        grads = {}
        data_loss, dscore = softmax_loss(scores, y)
        reg_loss = 0.0
        for i in range(self.num_layers):
            w = self.params['W'+repr(i+1)]
            reg_loss += self.reg * torch.sum(w**2) * 0.5
        loss = data_loss + reg_loss
        dout, dw, db = Linear.backward(dscore, caches.pop())
        grads['W'+repr(self.num_layers)] = dw + self.reg*self.params['W'+repr(self.num_layers)]
        grads['b'+repr(self.num_layers)] = db
        for i in range(self.num_layers-2, -1, -1):
            if self.use_dropout:
                dout = Dropout.backward(dout, caches_drop.pop())
            dout, dw, db = Linear_ReLU.backward(dout, caches.pop())
            grads['W'+repr(i+1)] = dw + self.reg*self.params['W'+repr(i+1)]
            grads['b'+repr(i+1)] = db
        return loss, grads


def create_solver_instance(data_dict, dtype, device):
    model = TwoLayerNet(hidden_dim=200, dtype=dtype, device=device)
    solver = Solver(model, data_dict, optim_config={'learning_rate': 1}, lr_decay=0.95,
                    num_epochs=20, batch_size=500, print_every=100, device='cuda')
    return solver


def get_three_layer_network_params():
    weight_scale = 1e-1
    learning_rate = 1e-1
    return weight_scale, learning_rate


def get_five_layer_network_params():
    learning_rate = 1e-1
    weight_scale = 1e-1
    return weight_scale, learning_rate


def sgd(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-2)
    w -= config['learning_rate'] * dw
    return w, config


def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-2)
    config.setdefault('momentum', 0.9)
    v = config.get('velocity', torch.zeros_like(w))
    next_w = None
    v = config['momentum'] * v - config['learning_rate'] * dw
    next_w = w + v
    config['velocity'] = v
    return next_w, config


def rmsprop(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-2)
    config.setdefault('decay_rate', 0.99)
    config.setdefault('epsilon', 1e-8)
    config.setdefault('cache', torch.zeros_like(w))

    grad_squared = config['cache']
    learning_rate = config['learning_rate']
    decay_rate = config['decay_rate']
    epsilon = config['epsilon']
    grad_squared = decay_rate*grad_squared + (1-decay_rate)*dw*dw
    next_w = w - (learning_rate*dw)/(torch.sqrt(grad_squared)+epsilon)
    config['cache'] = grad_squared
    config['learning_rate'] = learning_rate
    config['decay_rate'] = decay_rate
    config['epsilon'] = epsilon
    return next_w, config


def adam(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-3)
    config.setdefault('beta1', 0.9)
    config.setdefault('beta2', 0.999)
    config.setdefault('epsilon', 1e-8)
    config.setdefault('m', torch.zeros_like(w))
    config.setdefault('v', torch.zeros_like(w))
    config.setdefault('t', 0)

    learning_rate = config['learning_rate']
    epsilon = config['epsilon']
    b1 = config['beta1']
    b2 = config['beta2']
    m = config['m']
    v = config['v']
    t = config['t']
    t += 1
    m = b1*m + (1-b1)*dw
    v = b2*v + (1-b2)*dw**2
    # 修正偏差
    m_unbias = m/(1-b1**t)
    v_unbias = v/(1-b2**t)
    next_w = w - learning_rate*m_unbias/(torch.sqrt(v_unbias)+epsilon)
    config['m'] = m
    config['v'] = v
    config['t'] = t
    return next_w, config


class Dropout(object):

    @staticmethod
    def forward(x, dropout_param):
        p, mode = dropout_param['p'], dropout_param['mode']
        if 'seed' in dropout_param:
            torch.manual_seed(dropout_param['seed'])
        mask = None
        out = None
        if mode == 'train':
            p = 1-p
            mask = (torch.rand(*x.shape, device=x.device) < p)/p
            out = x*mask
        elif mode == 'test':
            out = x
        cache = (dropout_param, mask)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        dropout_param, mask = cache
        mode = dropout_param['mode']
        dx = None
        if mode == 'train':
            dx = dout*mask
        elif mode == 'test':
            dx = dout
        return dx
