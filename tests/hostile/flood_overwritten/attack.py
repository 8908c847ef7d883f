import os


def attack(layer, x):
    print("TRIED a flood", flush=True)
    for _ in range(20):
        os.write(1, b"\r" + b"a" * (2**18 - 1))
