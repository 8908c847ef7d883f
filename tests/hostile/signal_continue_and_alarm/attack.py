import os
import signal
import time


def attack(layer, x):
    print("TRIED alarms", flush=True)
    signal.signal(signal.SIGALRM, lambda *arguments: None)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    for number in (signal.SIGCONT, signal.SIGWINCH, signal.SIGURG):
        os.kill(os.getpid(), number)
    time.sleep(0.05)
