import os
import signal


def attack(layer, x):
    print("TRIED everybody", flush=True)
    try:
        os.kill(-1, signal.SIGKILL)
    except OSError:
        return
    print("GOT everybody killed", flush=True)
