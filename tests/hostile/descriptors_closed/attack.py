import os


def attack(layer, x):
    print("TRIED to close everything", flush=True)
    os.closerange(0, 4096)
