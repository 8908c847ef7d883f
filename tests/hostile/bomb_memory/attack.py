import os


def attack(layer, x):
    print("TRIED two gigabytes", flush=True)
    np.ones(2**28)
    print("GOT two gigabytes")
