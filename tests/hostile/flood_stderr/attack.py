import os


def attack(layer, x):
    print("TRIED a flood", flush=True)
    for _ in range(50):
        os.write(2, b"\x1b[31mx" * 2**17)
