"""Fully-connected networks with dropout, and the rules that train them, in torch without autograd.

Every layer is a class of two static methods: `forward` returns the output and a cache, `backward` takes the
gradient of the loss by that output, with the cache, and returns the gradients by the inputs. A network chains
them. Tensors stay on the device and in the dtype they come with: nothing here calls `.cuda()` or `.cpu()`.

Shapes: N examples, D inputs, H hidden units, C classes, M outputs of one layer, L linear layers.
"""

import torch
from a3_helper import softmax_loss
from eecs598 import Solver


class Linear:
    """out = x W + b, with every example flattened to a row (EECS 498-007 A3, "Linear layer")."""

    @staticmethod
    def forward(x, w, b):
        """Return `out` of shape (N, M) and the cache (x, w, b).

        x: (N, d1, ..., dk) with d1 · ... · dk = D; w: (D, M); b: (M,). One floating dtype for all three.

            out = x W + b
        """
        # TODO: implement Linear.forward
        raise NotImplementedError("Linear.forward")

    @staticmethod
    def backward(dout, cache):
        """Return dx in the shape of x, dw of shape (D, M) and db of shape (M,).

        dout: (N, M), the gradient of the loss by `out`; cache: what `forward` returned.

            dx = dout Wᵀ        dw = xᵀ dout        db = sum of dout over the examples
        """
        # TODO: implement Linear.backward
        raise NotImplementedError("Linear.backward")


class ReLU:
    """out = max(x, 0), element by element (EECS 498-007 A3, "ReLU activation")."""

    @staticmethod
    def forward(x):
        """Return `out` in the shape and dtype of x, and the cache x. The input x is left as it is.

        out = max(x, 0)
        """
        # TODO: implement ReLU.forward
        raise NotImplementedError("ReLU.forward")

    @staticmethod
    def backward(dout, cache):
        """Return dx in the shape of x.

        dout: in the shape of x; cache: what `forward` returned.

            dx = dout where x > 0, else 0
        """
        # TODO: implement ReLU.backward
        raise NotImplementedError("ReLU.backward")


class Linear_ReLU:
    """A linear layer and its ReLU taken as one layer, since a network uses them in this pair."""

    @staticmethod
    def forward(x, w, b):
        """Return max(x W + b, 0) of shape (N, M), and a cache for `backward`.

        Arguments as in `Linear.forward`.
        """
        # TODO: implement Linear_ReLU.forward
        raise NotImplementedError("Linear_ReLU.forward")

    @staticmethod
    def backward(dout, cache):
        """Return dx, dw and db in the shapes of x, w and b.

        dout: (N, M); cache: what `forward` returned.
        """
        # TODO: implement Linear_ReLU.backward
        raise NotImplementedError("Linear_ReLU.backward")


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
        # TODO: implement TwoLayerNet.__init__
        raise NotImplementedError("TwoLayerNet.__init__")

    def loss(self, X, y=None):
        """Return the scores (N, C) when y is None, else the loss (a scalar tensor) and its gradients.

        X: (N, d1, ..., dk) with product D, in the dtype of the parameters; y: (N,) int64, 0 <= y < C.
        The gradients are a dict with the keys and shapes of `params`.

            loss = softmax_loss(scores, y) + λ (ΣW1² + ΣW2²)

        The handout of this network has no factor 1/2 in front of λ, so a weight's gradient gains 2λW.
        Biases are not regularised.
        """
        # TODO: implement TwoLayerNet.loss
        raise NotImplementedError("TwoLayerNet.loss")


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
        # TODO: implement FullyConnectedNet.__init__
        raise NotImplementedError("FullyConnectedNet.__init__")

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
        # TODO: implement FullyConnectedNet.loss
        raise NotImplementedError("FullyConnectedNet.loss")


def create_solver_instance(data_dict, dtype, device):
    """Return a `Solver` that trains a TwoLayerNet of 200 hidden units on `data_dict`; it is not started here.

    data_dict: X_train (N, 3072) or (N, 3, 32, 32), y_train (N,), X_val, y_val; dtype, device: of the network.
    """
    model = TwoLayerNet(hidden_dim=200, dtype=dtype, device=device)
    # TODO: implement create_solver_instance
    raise NotImplementedError("create_solver_instance")


def get_three_layer_network_params():
    """Return (weight_scale, learning_rate) with which plain descent fits 50 images with three layers."""
    # TODO: implement get_three_layer_network_params
    raise NotImplementedError("get_three_layer_network_params")


def get_five_layer_network_params():
    """Return (weight_scale, learning_rate) with which plain descent fits 50 images with five layers."""
    # TODO: implement get_five_layer_network_params
    raise NotImplementedError("get_five_layer_network_params")


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
    # TODO: implement sgd_momentum
    raise NotImplementedError("sgd_momentum")


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
    # TODO: implement rmsprop
    raise NotImplementedError("rmsprop")


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
    # TODO: implement adam
    raise NotImplementedError("adam")


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
        # TODO: implement Dropout.forward
        raise NotImplementedError("Dropout.forward")

    @staticmethod
    def backward(dout, cache):
        """Return dx in the shape of x.

        dout: in the shape of x; cache: what `forward` returned.

            train: dx = dout · mask, the mask of the forward pass        test: dx = dout
        """
        # TODO: implement Dropout.backward
        raise NotImplementedError("Dropout.backward")
