import os


def attack(layer, x):
    print("TRIED a deep traceback")


    def deeper(depth):
        if depth:
            return deeper(depth - 1)
        raise ValueError("at the bottom")


    deeper(800)
