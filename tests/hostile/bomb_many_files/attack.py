import os


def attack(layer, x):
    print("TRIED many files", flush=True)
    for number in range(20_000):
        os.close(os.open(f"file{number}", os.O_CREAT | os.O_WRONLY, 0))
