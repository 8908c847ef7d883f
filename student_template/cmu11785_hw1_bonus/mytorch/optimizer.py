"""Optimizer: Adam, a gradient step whose length is set for each parameter by its own history."""

import numpy as np


class adam:
    """Adam for all W and b of `model.linear_layers`.

    Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization", Algorithm 1, with epsilon where the course
    puts it: inside the root. The paper adds it to the root, and the two differ wherever v_hat is not far above eps.

        m = beta1 * m + (1 - beta1) * g            m_hat = m / (1 - beta1**t)
        v = beta2 * v + (1 - beta2) * g**2         v_hat = v / (1 - beta2**t)
        theta = theta - lr * m_hat / sqrt(v_hat + eps)

    model: has `lr`, read once at construction, and `linear_layers`; each layer has W, b, their gradients dW, db and
        their moments mW, vW, mb, vb, which start at zero. A momentum of the model is not used.
    t: number of steps taken.
    """

    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = model.lr
        self.t = 0

    def step(self):
        """Count the step in `t` and update W and b of every layer from their gradients; shapes and dtypes stay."""
        # TODO: implement adam.step
        raise NotImplementedError("adam.step")
