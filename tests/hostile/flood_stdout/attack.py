import os


def attack(layer, x):
    print("TRIED a flood", flush=True)
    for _ in range(100):
        os.write(1, b"<b>x</b>" * 2**17)
    print("the end of it")
