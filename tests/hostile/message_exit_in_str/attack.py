import os


class Hostile(Exception):
    def __str__(self):
        os._exit(0)

    __repr__ = __format__ = __str__


def attack(layer, x):
    print("TRIED to leave when printed", flush=True)
    raise Hostile("x")
