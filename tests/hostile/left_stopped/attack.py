import os
import signal


def attack(layer, x):
    print("TRIED to leave somebody", flush=True)
    try:
        pid = os.fork()
    except OSError:
        return
    if pid == 0:
        os.setsid()
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    print("GOT a process left behind")
