import os
import time


def attack(layer, x):
    print("TRIED to leave somebody", flush=True)
    try:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                time.sleep(30)
            os._exit(0)
    except OSError:
        return
    os.wait()
    print("GOT a process left behind")
