import os
import signal


def attack(layer, x):
    print("TRIED to end", flush=True)
    os.kill(0, signal.SIGTERM)
