import os
import time


def attack(layer, x):
    print("TRIED to fork", flush=True)
    for _ in range(40):
        try:
            pid = os.fork()
        except OSError:
            return
        if pid == 0:
            time.sleep(30)
            os._exit(0)
    print("GOT forty processes")
