import os
import signal


def attack(layer, x):
    print("TRIED the parent", flush=True)
    try:
        os.kill(os.getppid(), signal.SIGSTOP)
    except OSError:
        return
    print("GOT the parent stopped", flush=True)
