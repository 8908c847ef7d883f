import os


def attack(layer, x):
    print("TRIED a long message")
    raise ValueError("<b>\x1b[31m" * 2**20)
