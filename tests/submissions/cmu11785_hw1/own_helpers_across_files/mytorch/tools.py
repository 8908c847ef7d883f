import numpy as np


def matmul_t(a, b):
    return np.matmul(a.transpose(), b)
