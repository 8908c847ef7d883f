import os


def attack(layer, x):
    print("TRIED 300 MB", flush=True)
    np.ones(40 * 2**20)
    print("GOT 300 MB", flush=True)
    np.ones(2**37)
