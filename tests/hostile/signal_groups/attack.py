import os
import signal


def attack(layer, x):
    print("TRIED groups", flush=True)
    for pid in (os.getppid(), os.getppid() - 1):
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            continue
        print("GOT a group killed", flush=True)
