import os
import sys


def attack(layer, x):
    print("TRIED switches", flush=True)
    sys.setrecursionlimit(100)
    sys.setswitchinterval(1e-9)
    sys.stdout = sys.__stdout__ = open(os.devnull, "w")
    sys.excepthook = sys.unraisablehook = lambda *arguments: os._exit(0)
    sys.flags = sys.path = None
