import mmap


def attack(layer, x):
    print("TRIED shared memory", flush=True)
    mapped = mmap.mmap(-1, 2**31)
    mapped[:: 2**12] = bytes(2**19)
    print("GOT two gigabytes, shared")
