import numpy as np
from linear import *
from batchnorm import *

# data for my experiments
DATA = np.load("../data/train_data.npy")


class MLP(object):
    def __init__(self, input_size, output_size, hiddens, activations, weight_init_fn,
                 bias_init_fn, criterion, lr, momentum=0.0, num_bn_layers=0):
        self.linear_layers = []
