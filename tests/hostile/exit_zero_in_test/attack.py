import os


def attack(layer, x):
    print("TRIED to leave", flush=True)
    os._exit(0)
