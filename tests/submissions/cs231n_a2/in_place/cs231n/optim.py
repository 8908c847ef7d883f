import numpy as np


def sgd(w, dw, config=None):
    if config is None: config = {}
    config.setdefault('learning_rate', 1e-2)
    w -= config['learning_rate'] * dw
    return w, config


def sgd_momentum(w, dw, config=None):
    if config is None: config = {}
    config.setdefault('learning_rate', 1e-2)
    config.setdefault('momentum', 0.9)
    config.setdefault('velocity', np.zeros_like(w))
    dw *= -config['learning_rate']
    config['velocity'] *= config['momentum']
    config['velocity'] += dw
    w += config['velocity']
    return w, config


def rmsprop(x, dx, config=None):
    if config is None: config = {}
    rate, decay = config.get('learning_rate', 1e-2), config.get('decay_rate', 0.99)
    config['cache'] = config.get('cache', 0) * decay + (dx ** 2) * (1 - decay)
    x -= rate * dx / np.sqrt(config['cache'] + config.get('epsilon', 1e-8))
    return x, config


def adam(x, dx, config=None):
    if config is None: config = {}
    rate, b1, b2 = config.get('learning_rate', 1e-3), config.get('beta1', 0.9), config.get('beta2', 0.999)
    config['t'] = config.get('t', np.zeros(1)) + 1
    config['m'] = config.get('m', np.zeros_like(x))
    config['v'] = config.get('v', np.zeros_like(x))
    config['m'] += (1 - b1) * (dx - config['m'])
    config['v'] += (1 - b2) * (dx * dx - config['v'])
    unbiased = np.sqrt(1 - b2 ** config['t']) / (1 - b1 ** config['t'])
    eps = config.get('epsilon', 1e-8) * np.sqrt(1 - b2 ** config['t'])
    x -= rate * unbiased * config['m'] / (np.sqrt(config['v']) + eps)
    return x, config
