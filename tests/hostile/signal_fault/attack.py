import ctypes


def attack(layer, x):
    print("TRIED address 0", flush=True)
    ctypes.string_at(0)
