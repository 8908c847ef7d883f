import mmap


def attack(layer, x):
    print("TRIED shared memory", flush=True)
    mapped = mmap.mmap(-1, 2**29)
    mapped[:: 2**12] = bytes(2**17)
    print("GOT half a gigabyte, shared", flush=True)
    raise MemoryError
