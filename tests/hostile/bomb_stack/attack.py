import sys


def attack(layer, x):
    print("TRIED the stack", flush=True)
    sys.setrecursionlimit(10**9)
    value = []
    for _ in range(10**6):
        value = [value]
    repr(value)
