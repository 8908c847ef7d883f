import os
import sys


def attack(layer, x):
    print("TRIED other places", flush=True)
    file = os.open("output", os.O_CREAT | os.O_RDWR)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout = sys.stderr = None
