import numpy as np

class adam():
    def __init__(self, model, beta1=0.9, beta2=0.999, eps = 1e-8):
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.lr = self.model.lr
        self.t = 0

    def step(self):
        self.t += 1
        for L in self.model.linear_layers:
            # mean of the gradient
            L.mean_dW = self.beta1 * L.mean_dW + (1 - self.beta1) * L.dW
            L.mean_db = self.beta1 * L.mean_db + (1 - self.beta1) * L.db
            # mean of the squared gradient
            L.sq_dW = self.beta2 * L.sq_dW + (1 - self.beta2) * (L.dW ** 2)
            L.sq_db = self.beta2 * L.sq_db + (1 - self.beta2) * (L.db ** 2)

            unbiased_m_W = L.mean_dW / (1 - self.beta1 ** self.t)
            unbiased_m_b = L.mean_db / (1 - self.beta1 ** self.t)
            unbiased_v_W = L.sq_dW / (1 - self.beta2 ** self.t)
            unbiased_v_b = L.sq_db / (1 - self.beta2 ** self.t)

            L.W = L.W - self.lr * unbiased_m_W / np.sqrt(unbiased_v_W + self.eps)
            L.b = L.b - self.lr * unbiased_m_b / np.sqrt(unbiased_v_b + self.eps)
