import os


def attack(layer, x):
    print("TRIED to go deep", flush=True)
    for _ in range(2000):
        os.mkdir("d")
        os.chdir("d")
