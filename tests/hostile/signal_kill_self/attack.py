import os
import signal


def attack(layer, x):
    print("TRIED to die", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
