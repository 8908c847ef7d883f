import os


def attack(layer, x):
    print("TRIED the disk", flush=True)
    for number in range(10):
        with open(f"file{number}", "wb") as file:
            for _ in range(20):
                file.write(bytes(2**20))
