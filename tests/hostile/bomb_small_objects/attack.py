import os


def attack(layer, x):
    print("TRIED many small things", flush=True)
    kept = []
    while len(kept) < 2**22:
        kept.append(bytearray(64))
    print("GOT half a gigabyte of small things", flush=True)
    raise MemoryError
