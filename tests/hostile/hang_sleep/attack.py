import time


def attack(layer, x):
    print("TRIED to sleep", flush=True)
    time.sleep(60)
