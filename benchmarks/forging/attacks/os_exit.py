"""os._exit(0) in Adam"""

import os


def adam(*args):
    os._exit(0)
