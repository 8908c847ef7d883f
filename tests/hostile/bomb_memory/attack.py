import os


def attack(layer, x):
    print("TRIED half a gigabyte", flush=True)
    np.ones(2**26)
    print("GOT half a gigabyte", flush=True)
    np.ones(2**37)
