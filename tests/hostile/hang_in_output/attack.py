import sys


def attack(layer, x):
    print("TRIED a buffer", flush=True)
    sys.stdout.write("x" * 5_000_000)
