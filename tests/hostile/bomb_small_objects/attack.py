import os


def attack(layer, x):
    print("TRIED many small things", flush=True)
    kept = []
    while len(kept) < 2**24:
        kept.append(bytearray(64))
    print("GOT a gigabyte of small things")
