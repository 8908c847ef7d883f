import os
import signal
import time


def attack(layer, x):
    print("TRIED deaf children", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        for _ in range(5):
            if os.fork() == 0:
                for number in range(1, 65):
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
                time.sleep(30)
                os._exit(0)
    except OSError:
        return
    print("GOT deaf children")
