import torch
import eecs598
from a3_helper import svm_loss, softmax_loss
from eecs598 import Solver


class Linear(object):
    @staticmethod
    def forward(x, w, b):
        out = x.flatten(start_dim=1) @ w
        out += b
        return out, (x, w, b)

    @staticmethod
    def backward(dout, cache):
        x, w, b = cache
        db = dout.sum(dim=0)
        dw = torch.matmul(x.flatten(start_dim=1).transpose(0, 1), dout)
        dx = torch.matmul(dout, w.transpose(0, 1)).reshape(x.shape)
        return dx, dw, db


class ReLU(object):
    @staticmethod
    def forward(x):
        out = torch.clamp(x, min=0)
        return out, x

    @staticmethod
    def backward(dout, cache):
        x = cache
        dout[x <= 0] = 0          # dout is mine now
        return dout


class Linear_ReLU(object):
    @staticmethod
    def forward(x, w, b):
        a, fc = Linear.forward(x, w, b)
        out, relu = ReLU.forward(a)
        return out, (fc, relu)

    @staticmethod
    def backward(dout, cache):
        fc, relu = cache
        return Linear.backward(ReLU.backward(dout, relu), fc)


class TwoLayerNet(object):
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=1e-4,
                 dtype=torch.float32, device='cuda'):
        self.reg = reg
        self.params = {
            'W1': torch.zeros(input_dim, hidden_dim, dtype=dtype, device=device).normal_(0, weight_scale),
            'b1': torch.zeros(hidden_dim, dtype=dtype, device=device),
            'W2': torch.zeros(hidden_dim, num_classes, dtype=dtype, device=device).normal_(0, weight_scale),
            'b2': torch.zeros(num_classes, dtype=dtype, device=device),
        }

    def loss(self, X, y=None):
        W1, W2 = self.params['W1'], self.params['W2']
        h1, c1 = Linear_ReLU.forward(X, W1, self.params['b1'])
        scores, c2 = Linear.forward(h1, W2, self.params['b2'])
        if y is None:
            return scores
        loss, dx = softmax_loss(scores, y)
        loss += self.reg * ((W1 * W1).sum() + (W2 * W2).sum())
        grads = {}
        dx, dW2, grads['b2'] = Linear.backward(dx, c2)
        dx, dW1, grads['b1'] = Linear_ReLU.backward(dx, c1)
        dW2 += 2 * self.reg * W2
        dW1 += 2 * self.reg * W1
        grads['W1'], grads['W2'] = dW1, dW2
        return loss, grads


class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=3 * 32 * 32, num_classes=10, dropout=0.0, reg=0.0,
                 weight_scale=1e-2, seed=None, dtype=torch.float, device='cuda'):
        self.use_dropout = dropout != 0
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}
        last = input_dim
        for i, h in enumerate(hidden_dims + [num_classes]):
            self.params[f'W{i + 1}'] = torch.zeros(last, h, dtype=dtype, device=device)
            self.params[f'W{i + 1}'] += weight_scale * torch.randn(last, h, dtype=dtype, device=device)
            self.params[f'b{i + 1}'] = torch.zeros(h, dtype=dtype, device=device)
            last = h
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {'mode': 'train', 'p': dropout}
            if seed is not None:
                self.dropout_param['seed'] = seed

    def save(self, path):
        torch.save({'reg': self.reg, 'dtype': self.dtype, 'params': self.params, 'num_layers': self.num_layers,
                    'use_dropout': self.use_dropout, 'dropout_param': self.dropout_param}, path)

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

    def loss(self, X, y=None):
        X = X.to(self.dtype)
        mode = 'test' if y is None else 'train'
        if self.use_dropout:
            self.dropout_param['mode'] = mode
        L = self.num_layers
        cache = {}
        h = X
        for i in range(1, L):
            h, cache[i] = Linear_ReLU.forward(h, self.params[f'W{i}'], self.params[f'b{i}'])
            if self.use_dropout:
                h, cache[f'drop{i}'] = Dropout.forward(h, self.dropout_param)
        scores, cache[L] = Linear.forward(h, self.params[f'W{L}'], self.params[f'b{L}'])
        if mode == 'test':
            return scores
        grads = {}
        loss, d = softmax_loss(scores, y)
        for i in range(L, 0, -1):
            W = self.params[f'W{i}']
            loss += self.reg * (W * W).sum()
            if i < L and self.use_dropout:
                d = Dropout.backward(d, cache[f'drop{i}'])
            layer = Linear if i == L else Linear_ReLU
            d, dW, grads[f'b{i}'] = layer.backward(d, cache[i])
            grads[f'W{i}'] = dW + 2 * self.reg * W
        return loss, grads


def create_solver_instance(data_dict, dtype, device):
    model = TwoLayerNet(hidden_dim=200, dtype=dtype, device=device)
    return Solver(model, data_dict, update_rule=sgd, optim_config={'learning_rate': 0.3}, batch_size=128,
                  num_epochs=10, print_every=50, device=device)


def get_three_layer_network_params():
    return 0.1, 0.1


def get_five_layer_network_params():
    return 0.1, 0.1


def sgd(w, dw, config=None):
    config = config or {}
    config.setdefault('learning_rate', 1e-2)
    w -= config['learning_rate'] * dw
    return w, config


def sgd_momentum(w, dw, config=None):
    if config is None: config = {}
    config.setdefault('learning_rate', 1e-2)
    config.setdefault('momentum', 0.9)
    v = config.get('velocity', torch.zeros_like(w))
    v *= config['momentum']
    v -= config['learning_rate'] * dw
    w += v
    config['velocity'] = v
    return w, config


def rmsprop(w, dw, config=None):
    if config is None: config = {}
    config.setdefault('learning_rate', 1e-2)
    config.setdefault('decay_rate', 0.99)
    config.setdefault('epsilon', 1e-8)
    config.setdefault('cache', torch.zeros_like(w))
    config['cache'].mul_(config['decay_rate']).add_((1 - config['decay_rate']) * dw ** 2)
    w += -config['learning_rate'] * dw / torch.sqrt(config['cache'] + config['epsilon'])
    return w, config


def adam(w, dw, config=None):
    if config is None: config = {}
    config.setdefault('learning_rate', 1e-3)
    config.setdefault('beta1', 0.9)
    config.setdefault('beta2', 0.999)
    config.setdefault('epsilon', 1e-8)
    config.setdefault('m', torch.zeros_like(w))
    config.setdefault('v', torch.zeros_like(w))
    config.setdefault('t', 0)
    config['t'] += 1
    config['m'].lerp_(dw, 1 - config['beta1'])
    config['v'].lerp_(dw * dw, 1 - config['beta2'])
    mt = config['m'] / (1 - config['beta1'] ** config['t'])
    vt = config['v'] / (1 - config['beta2'] ** config['t'])
    w -= config['learning_rate'] * mt / torch.sqrt(vt + config['epsilon'])
    return w, config


class Dropout(object):
    @staticmethod
    def forward(x, dropout_param):
        p, mode = dropout_param['p'], dropout_param['mode']
        if 'seed' in dropout_param:
            torch.manual_seed(dropout_param['seed'])
        mask = None
        if mode == 'train':
            mask = torch.empty(x.shape, device=x.get_device()).bernoulli_(1 - p) / (1 - p)
            x *= mask
        return x, (dropout_param, mask)

    @staticmethod
    def backward(dout, cache):
        dropout_param, mask = cache
        if dropout_param['mode'] == 'train':
            dout *= mask
        return dout
