import os
import time


def attack(layer, x):
    print("TRIED to stay", flush=True)
    os._exit = lambda code: time.sleep(60)
