import os


def attack(layer, x):
    print("TRIED many files", flush=True)
    for number in range(10_000):
        os.close(os.open(f"{number:0255}", os.O_CREAT | os.O_WRONLY, 0))
