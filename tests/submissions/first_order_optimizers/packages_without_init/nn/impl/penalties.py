import numpy as np


def absolute(w):
    return np.abs(w).sum(), np.sign(w)
