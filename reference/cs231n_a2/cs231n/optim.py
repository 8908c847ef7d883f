"""First-order update rules.

Each takes the weights w, their gradient dw of the same shape, and config, a dict of settings and of the state that the
rule keeps between steps. It returns (next_w, config); the config is given to the next step. Where config is None or
lacks a setting, the default counts.
"""

import numpy as np


def sgd(w, dw, config=None):
    """w ← w - learning_rate · dw. Given.

    config: learning_rate (1e-2)
    """
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    w = w - config["learning_rate"] * dw
    return w, config


def sgd_momentum(w, dw, config=None):
    """v ← momentum · v - learning_rate · dw;  w ← w + v.

    config: learning_rate (1e-2), momentum (0.9), velocity (zeros): v, of the shape of w
    """
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    # BEGIN SOLUTION
    v = config["momentum"] * v - config["learning_rate"] * dw
    next_w = w + v
    # END SOLUTION
    config["velocity"] = v
    return next_w, config


def rmsprop(w, dw, config=None):
    """c ← decay_rate · c + (1 - decay_rate) · dw²;  w ← w - learning_rate · dw / (√c + epsilon).

    config: learning_rate (1e-2), decay_rate (0.99), epsilon (1e-8), cache (zeros): c, of the shape of w
    """
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("cache", np.zeros_like(w))
    # BEGIN SOLUTION
    c = config["decay_rate"] * config["cache"] + (1 - config["decay_rate"]) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(c) + config["epsilon"])
    config["cache"] = c
    # END SOLUTION
    return next_w, config


def adam(w, dw, config=None):
    """t ← t + 1, before it is used;  m ← beta1 · m + (1 - beta1) · dw;  v ← beta2 · v + (1 - beta2) · dw²;
    w ← w - learning_rate · m̂ / (√v̂ + epsilon)  with  m̂ = m / (1 - beta1ᵗ)  and  v̂ = v / (1 - beta2ᵗ).

    config: learning_rate (1e-3), beta1 (0.9), beta2 (0.999), epsilon (1e-8), m and v (zeros), of the shape of w, t (0)
    """
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    # BEGIN SOLUTION
    t = config["t"] + 1
    m = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    v = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw**2
    m_hat, v_hat = m / (1 - config["beta1"] ** t), v / (1 - config["beta2"] ** t)
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    config["m"], config["v"], config["t"] = m, v, t
    # END SOLUTION
    return next_w, config
