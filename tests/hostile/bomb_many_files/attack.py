import os
import time


def attack(layer, x):
    print("TRIED many files", flush=True)
    end = time.monotonic() + 1
    for number in range(10_000):
        if time.monotonic() > end:
            break
        os.symlink("x", f"{number:0255}")
