import mmap


def attack(layer, x):
    print("TRIED shared memory", flush=True)
    mapped = mmap.mmap(-1, 320 * 2**20)
    mapped[:: 2**12] = bytes(80 * 2**10)
    print("GOT 300 MB, shared", flush=True)
    raise MemoryError
