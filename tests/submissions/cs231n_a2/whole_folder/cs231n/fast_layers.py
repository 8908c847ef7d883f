import numpy as np

try:
    from cs231n.im2col_cython import im2col_cython
except ImportError:
    print('run the following from the cs231n directory and try again:')
    print('python setup.py build_ext --inplace')

from cs231n.im2col import *
