"""Linear: the fully connected layer."""

import numpy as np


class Linear:
    """y = x W + b, for a batch of B rows; source: course handout.

    W, dW: (in_feature, out_feature). b, db: (1, out_feature). The gradients are means over the batch.
    momentum_W, momentum_b: velocities, in the shapes of W and b, for a step with momentum.

    weight_init_fn(in_feature, out_feature) and bias_init_fn(out_feature) return the first W and b; their dtype is the
    layer's.
    """

    def __init__(self, in_feature, out_feature, weight_init_fn, bias_init_fn):
        self.W = weight_init_fn(in_feature, out_feature)
        self.b = bias_init_fn(out_feature)

        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

        self.momentum_W = np.zeros_like(self.W)
        self.momentum_b = np.zeros_like(self.b)

        self.x = None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        """Return y, (B, out_feature), for x, (B, in_feature)."""
        # TODO: implement Linear.forward
        raise NotImplementedError("Linear.forward")

    def backward(self, delta):
        """Return the gradient with respect to x, (B, in_feature); set dW and db.

        delta: gradient of the summed losses with respect to y, (B, out_feature).
        dW and db are means over the batch; what is returned is not, for the layers before take their own.
        """
        # TODO: implement Linear.backward
        raise NotImplementedError("Linear.backward")
