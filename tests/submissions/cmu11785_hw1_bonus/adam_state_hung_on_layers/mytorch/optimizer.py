import numpy as np

class adam:
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = model.lr
        self.t = 0

    def step(self):
        self.t += 1
        for layer in self.model.linear_layers:
            if not hasattr(layer, "adam_cache"):
                layer.adam_cache = {
                    "mW": np.zeros_like(layer.W), "vW": np.zeros_like(layer.W),
                    "mb": np.zeros_like(layer.b), "vb": np.zeros_like(layer.b),
                }
            c = layer.adam_cache
            for p in ["W", "b"]:
                g = getattr(layer, "d" + p)
                c["m" + p] = self.beta1 * c["m" + p] + (1 - self.beta1) * g
                c["v" + p] = self.beta2 * c["v" + p] + (1 - self.beta2) * g * g
                mhat = c["m" + p] / (1 - self.beta1 ** self.t)
                vhat = c["v" + p] / (1 - self.beta2 ** self.t)
                setattr(layer, p, getattr(layer, p) - self.lr * mhat / np.sqrt(vhat + self.eps))
