import os
import signal


def attack(layer, x):
    print("TRIED to stop", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
