"""SIGKILL to itself (what the kernel does when memory runs out)"""

import os
import signal


def adam(*args):
    os.kill(os.getpid(), signal.SIGKILL)
