import fcntl
import os


def attack(layer, x):
    print("TRIED flags", flush=True)
    for number in range(4):
        for flags in (os.O_NONBLOCK, os.O_APPEND, 0):
            try:
                fcntl.fcntl(number, fcntl.F_SETFL, flags)
            except OSError:
                pass
        for operation in (fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_UN):
            try:
                fcntl.flock(number, operation)
            except OSError:
                pass
