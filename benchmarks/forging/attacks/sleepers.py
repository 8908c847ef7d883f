"""forty forked sleepers"""

import os
import time

right = globals()["adam"]
forked = []


def adam(*args):
    while len(forked) < 40:
        forked.append(os.fork())
        if forked[-1] == 0:
            time.sleep(60)
            os._exit(0)
    return right(*args)
