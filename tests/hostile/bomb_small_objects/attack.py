import os


def attack(layer, x):
    print("TRIED many small things", flush=True)
    kept = []
    while len(kept) < 2_600_000:
        kept.append(bytearray(64))
    print("GOT 300 MB of small things", flush=True)
    raise MemoryError
