"""forks three times and goes on (eight runners)"""

import os

right = globals()["adam"]
forked = []


def adam(*args):
    while len(forked) < 3:
        forked.append(os.fork())
    return right(*args)
