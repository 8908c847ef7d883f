"""sys.exit in Adam"""

import sys


def adam(*args):
    sys.exit(0)
