import os


def attack(layer, x):
    print("TRIED a chain")
    error = ValueError("first")
    for number in range(5000):
        later = ValueError("x" * 100)
        later.__cause__ = error
        error = later
    raise error
