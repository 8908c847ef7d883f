import os
import signal
import time


def attack(layer, x):
    print("TRIED the parent", flush=True)
    try:
        os.kill(os.getppid(), signal.SIGKILL)
    except OSError:
        return
    print("GOT the parent killed", flush=True)
    time.sleep(0.2)
