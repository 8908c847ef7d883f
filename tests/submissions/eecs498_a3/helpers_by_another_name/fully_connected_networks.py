"""Fully-connected networks with dropout, and the rules that train them, in torch without autograd.

Every layer is a class of two static methods: `forward` returns the output and a cache, `backward` takes the
gradient of the loss by that output, with the cache, and returns the gradients by the inputs. A network chains
them. Tensors stay on the device and in the dtype they come with: nothing here calls `.cuda()` or `.cpu()`.

Shapes: N examples, D inputs, H hidden units, C classes, M outputs of one layer, L linear layers.
"""

import torch
from common.helpers import softmax_loss
from common import Solver


class Linear:
    """out = x W + b, with every example flattened to a row (EECS 498-007 A3, "Linear layer")."""

    @staticmethod
    def forward(x, w, b):
        """Return `out` of shape (N, M) and the cache (x, w, b).

        x: (N, d1, ..., dk) with d1 · ... · dk = D; w: (D, M); b: (M,). One floating dtype for all three.

            out = x W + b
        """
        # BEGIN SOLUTION
        out = x.reshape(x.shape[0], -1) @ w + b
        cache = (x, w, b)
        return out, cache
        # END SOLUTION

    @staticmethod
    def backward(dout, cache):
        """Return dx in the shape of x, dw of shape (D, M) and db of shape (M,).

        dout: (N, M), the gradient of the loss by `out`; cache: what `forward` returned.

            dx = dout Wᵀ        dw = xᵀ dout        db = sum of dout over the examples
        """
        # BEGIN SOLUTION
        x, w, _ = cache
        dx = (dout @ w.t()).reshape(x.shape)
        dw = x.reshape(x.shape[0], -1).t() @ dout
        db = dout.sum(dim=0)
        return dx, dw, db
        # END SOLUTION


class ReLU:
    """out = max(x, 0), element by element (EECS 498-007 A3, "ReLU activation")."""

    @staticmethod
    def forward(x):
        """Return `out` in the shape and dtype of x, and the cache x. The input x is left as it is.

        out = max(x, 0)
        """
        # BEGIN SOLUTION
        out = x.clamp(min=0)
        cache = x
        return out, cache
        # END SOLUTION

    @staticmethod
    def backward(dout, cache):
        """Return dx in the shape of x.

        dout: in the shape of x; cache: what `forward` returned.

            dx = dout where x > 0, else 0
        """
        # BEGIN SOLUTION
        x = cache
        return dout * (x > 0)
        # END SOLUTION


class Linear_ReLU:
    """A linear layer and its ReLU taken as one layer, since a network uses them in this pair."""

    @staticmethod
    def forward(x, w, b):
        """Return max(x W + b, 0) of shape (N, M), and a cache for `backward`.

        Arguments as in `Linear.forward`.
        """
        # BEGIN SOLUTION
        scores, linear_cache = Linear.forward(x, w, b)
        out, relu_cache = ReLU.forward(scores)
        return out, (linear_cache, relu_cache)
        # END SOLUTION

    @staticmethod
    def backward(dout, cache):
        """Return dx, dw and db in the shapes of x, w and b.

        dout: (N, M); cache: what `forward` returned.
        """
        # BEGIN SOLUTION
        linear_cache, relu_cache = cache
        dscores = ReLU.backward(dout, relu_cache)
        return Linear.backward(dscores, linear_cache)
        # END SOLUTION


class TwoLayerNet:
    """linear - ReLU - linear - softmax, with L2 regularisation.

    `params` maps W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) to tensors; a solver replaces its values.
    """

    def __init__(
        self,
        input_dim=3 * 32 * 32,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        dtype=torch.float32,
        device="cpu",
    ):
        """Draw the weights from a normal distribution, mean 0 and deviation `weight_scale`; biases are zero.

        input_dim, hidden_dim, num_classes: D, H and C; reg: the strength λ of the regularisation;
        dtype, device: of every parameter.
        """
        self.params = {}
        self.reg = reg
        # BEGIN SOLUTION
        self.params["W1"] = weight_scale * torch.randn(input_dim, hidden_dim, dtype=dtype, device=device)
        self.params["b1"] = torch.zeros(hidden_dim, dtype=dtype, device=device)
        self.params["W2"] = weight_scale * torch.randn(hidden_dim, num_classes, dtype=dtype, device=device)
        self.params["b2"] = torch.zeros(num_classes, dtype=dtype, device=device)
        # END SOLUTION

    def loss(self, X, y=None):
        """Return the scores (N, C) when y is None, else the loss (a scalar tensor) and its gradients.

        X: (N, d1, ..., dk) with product D, in the dtype of the parameters; y: (N,) int64, 0 <= y < C.
        The gradients are a dict with the keys and shapes of `params`.

            loss = softmax_loss(scores, y) + λ (ΣW1² + ΣW2²)

        The handout of this network has no factor 1/2 in front of λ, so a weight's gradient gains 2λW.
        Biases are not regularised.
        """
        # BEGIN SOLUTION
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))

        hidden, hidden_cache = Linear_ReLU.forward(X, W1, b1)
        scores, scores_cache = Linear.forward(hidden, W2, b2)
        if y is None:
            return scores

        loss, dscores = softmax_loss(scores, y)
        loss = loss + self.reg * ((W1**2).sum() + (W2**2).sum())

        dhidden, dW2, db2 = Linear.backward(dscores, scores_cache)
        _, dW1, db1 = Linear_ReLU.backward(dhidden, hidden_cache)
        grads = {"W1": dW1 + 2 * self.reg * W1, "b1": db1, "W2": dW2 + 2 * self.reg * W2, "b2": db2}
        return loss, grads
        # END SOLUTION


class FullyConnectedNet:
    """{linear - ReLU - [dropout]} × (L − 1) - linear - softmax, with L2 regularisation.

    `params` maps W1..WL and b1..bL to tensors; `num_layers` is L. Dropout follows every ReLU and is absent
    after the last linear layer.
    """

    SAVED = ("reg", "dtype", "params", "num_layers", "use_dropout", "dropout_param")

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout=0.0,
        reg=0.0,
        weight_scale=1e-2,
        seed=None,
        dtype=torch.float,
        device="cpu",
    ):
        """Draw the weights from a normal distribution, mean 0 and deviation `weight_scale`; biases are zero.

        hidden_dims: the L − 1 sizes of the hidden layers; input_dim, num_classes: D and C;
        dropout: the probability that a hidden unit is dropped, 0 for none; reg: the strength λ;
        seed: handed to every dropout draw, so that a gradient can be checked numerically, or None;
        dtype, device: of every parameter.
        """
        self.use_dropout = dropout != 0
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout}
            if seed is not None:
                self.dropout_param["seed"] = seed
        # BEGIN SOLUTION
        dims = [input_dim, *hidden_dims, num_classes]
        for layer in range(1, self.num_layers + 1):
            fan_in, fan_out = dims[layer - 1], dims[layer]
            self.params[f"W{layer}"] = weight_scale * torch.randn(fan_in, fan_out, dtype=dtype, device=device)
            self.params[f"b{layer}"] = torch.zeros(fan_out, dtype=dtype, device=device)
        # END SOLUTION

    def save(self, path):
        """Write the parameters and settings to the file `path`."""
        torch.save({name: getattr(self, name) for name in self.SAVED}, path)

    def load(self, path, dtype, device):
        """Take over what `save` wrote to `path`, the parameters converted to `dtype` and `device`."""
        # weights_only: a checkpoint is data, and loading it must not be able to run code.
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        for name in self.SAVED:
            setattr(self, name, checkpoint[name])
        self.dtype = dtype
        self.params = {name: value.to(dtype=dtype, device=device) for name, value in self.params.items()}

    def loss(self, X, y=None):
        """Return the scores (N, C) when y is None, else the loss (a scalar tensor) and its gradients.

        X: (N, d1, ..., dk) with product D; y: (N,) int64, 0 <= y < C. Without y the network is in test mode,
        where dropout changes nothing. The gradients are a dict with the keys and shapes of `params`.

            loss = softmax_loss(scores, y) + λ/2 Σ_l ΣW_l²

        The handout of this network has the factor 1/2, so a weight's gradient gains λW. Biases are not
        regularised.
        """
        X = X.to(self.dtype)
        mode = "test" if y is None else "train"
        if self.use_dropout:
            self.dropout_param["mode"] = mode
        # BEGIN SOLUTION
        last = self.num_layers
        layer_caches, dropout_caches = {}, {}

        out = X
        for layer in range(1, last):
            W, b = self.params[f"W{layer}"], self.params[f"b{layer}"]
            out, layer_caches[layer] = Linear_ReLU.forward(out, W, b)
            if self.use_dropout:
                out, dropout_caches[layer] = Dropout.forward(out, self.dropout_param)
        scores, layer_caches[last] = Linear.forward(out, self.params[f"W{last}"], self.params[f"b{last}"])
        if mode == "test":
            return scores

        grads = {}
        loss, dscores = softmax_loss(scores, y)
        dout, grads[f"W{last}"], grads[f"b{last}"] = Linear.backward(dscores, layer_caches[last])
        for layer in range(last - 1, 0, -1):
            if self.use_dropout:
                dout = Dropout.backward(dout, dropout_caches[layer])
            dout, grads[f"W{layer}"], grads[f"b{layer}"] = Linear_ReLU.backward(dout, layer_caches[layer])

        for layer in range(1, last + 1):
            W = self.params[f"W{layer}"]
            loss = loss + 0.5 * self.reg * (W**2).sum()
            grads[f"W{layer}"] = grads[f"W{layer}"] + self.reg * W
        return loss, grads
        # END SOLUTION


def create_solver_instance(data_dict, dtype, device):
    """Return a `Solver` that trains a TwoLayerNet of 200 hidden units on `data_dict`; it is not started here.

    data_dict: X_train (N, 3072) or (N, 3, 32, 32), y_train (N,), X_val, y_val; dtype, device: of the network.
    """
    model = TwoLayerNet(hidden_dim=200, dtype=dtype, device=device)
    # BEGIN SOLUTION
    # A large rate with plain descent: weights of deviation 1e-3 leave the first gradients small.
    return Solver(
        model,
        data_dict,
        update_rule=sgd,
        optim_config={"learning_rate": 0.5},
        lr_decay=0.9,
        batch_size=200,
        num_epochs=15,
        verbose=False,
        device=device,
    )
    # END SOLUTION


def get_three_layer_network_params():
    """Return (weight_scale, learning_rate) with which plain descent fits 50 images with three layers."""
    # BEGIN SOLUTION
    weight_scale = 0.1
    learning_rate = 0.2
    return weight_scale, learning_rate
    # END SOLUTION


def get_five_layer_network_params():
    """Return (weight_scale, learning_rate) with which plain descent fits 50 images with five layers."""
    # BEGIN SOLUTION
    # Near sqrt(2 / 100), the deviation that keeps the activations' scale through layers of 100 ReLUs.
    weight_scale = 0.12
    learning_rate = 0.15
    return weight_scale, learning_rate
    # END SOLUTION


def sgd(w, dw, config=None):
    """Return (next_w, config) of one step of gradient descent. This rule is given.

    w, dw: a parameter and its gradient, one shape and dtype; config: learning_rate (1e-2).

        next_w = w − lr dw
    """
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    return w - config["learning_rate"] * dw, config


def sgd_momentum(w, dw, config=None):
    """Return (next_w, config) of one step of descent with momentum.

    w, dw: a parameter and its gradient, one shape and dtype; config: learning_rate lr (1e-2), momentum μ (0.9)
    and the state `velocity` v in the shape of w, zero at the start.

        v = μ v − lr dw        next_w = w + v

    Source: the update as CS231n's notes on neural networks write it.
    """
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", torch.zeros_like(w))
    # BEGIN SOLUTION
    v = config["momentum"] * v - config["learning_rate"] * dw
    next_w = w + v
    config["velocity"] = v
    return next_w, config
    # END SOLUTION


def rmsprop(w, dw, config=None):
    """Return (next_w, config) of one step of RMSProp.

    w, dw: a parameter and its gradient, one shape and dtype; config: learning_rate lr (1e-2), decay_rate d
    (0.99), epsilon ε (1e-8) and the state `cache` c in the shape of w, zero at the start.

        c = d c + (1 − d) dw²        next_w = w − lr dw / (√c + ε)

    Source: Tieleman and Hinton, "Lecture 6.5 - RMSProp", Neural Networks for Machine Learning, 2012.
    """
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("cache", torch.zeros_like(w))
    # BEGIN SOLUTION
    d = config["decay_rate"]
    c = d * config["cache"] + (1 - d) * dw**2
    next_w = w - config["learning_rate"] * dw / (c.sqrt() + config["epsilon"])
    config["cache"] = c
    return next_w, config
    # END SOLUTION


def adam(w, dw, config=None):
    """Return (next_w, config) of one step of Adam.

    w, dw: a parameter and its gradient, one shape and dtype; config: learning_rate lr (1e-3), beta1 (0.9),
    beta2 (0.999), epsilon ε (1e-8) and the state: moments `m` and `v` in the shape of w, and the number `t` of
    steps taken, all zero at the start.

        t = t + 1        m = β1 m + (1 − β1) dw        v = β2 v + (1 − β2) dw²
        m̂ = m / (1 − β1ᵗ)        v̂ = v / (1 − β2ᵗ)        next_w = w − lr m̂ / (√v̂ + ε)

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
    """
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", torch.zeros_like(w))
    config.setdefault("v", torch.zeros_like(w))
    config.setdefault("t", 0)
    # BEGIN SOLUTION
    beta1, beta2 = config["beta1"], config["beta2"]
    t = config["t"] + 1
    m = beta1 * config["m"] + (1 - beta1) * dw
    v = beta2 * config["v"] + (1 - beta2) * dw**2
    # The moments start at zero and are too small by exactly these factors in the first steps.
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    next_w = w - config["learning_rate"] * m_hat / (v_hat.sqrt() + config["epsilon"])
    config.update(m=m, v=v, t=t)
    return next_w, config
    # END SOLUTION


class Dropout:
    """Inverted dropout: scaled in training, so that the test pass is the identity (Srivastava et al., 2014)."""

    @staticmethod
    def forward(x, dropout_param):
        """Return `out` in the shape and dtype of x, and the cache (dropout_param, mask).

        x: any shape, floating; dropout_param: `p`, the probability that an element is **dropped**, 0 <= p < 1;
        `mode`, "train" or "test"; optionally `seed`, which makes the draw repeatable.

            train: mask = 0 with probability p, else 1 / (1 − p);  out = x · mask
            test:  out = x, and the mask is None

        A mode of another name raises ValueError.
        """
        p, mode = dropout_param["p"], dropout_param["mode"]
        if "seed" in dropout_param:
            torch.manual_seed(dropout_param["seed"])
        # BEGIN SOLUTION
        if mode == "train":
            # In x's own dtype: a bool mask divided by a number would be float32 and round 1 / (1 − p).
            mask = (torch.rand_like(x) >= p).to(x.dtype) / (1 - p)
            out = x * mask
        elif mode == "test":
            mask = None
            out = x
        else:
            raise ValueError(f'mode is {mode!r}, but should be "train" or "test"')
        cache = (dropout_param, mask)
        return out, cache
        # END SOLUTION

    @staticmethod
    def backward(dout, cache):
        """Return dx in the shape of x.

        dout: in the shape of x; cache: what `forward` returned.

            train: dx = dout · mask, the mask of the forward pass        test: dx = dout
        """
        # BEGIN SOLUTION
        # Not the mode: the network may have changed it in the shared dict since the forward pass.
        _, mask = cache
        return dout if mask is None else dout * mask
        # END SOLUTION
