import os


def attack(layer, x):
    print("TRIED files in memory", flush=True)
    written, block = 0, bytes(2**22)
    files = []
    while written < 400 * 2**20:
        if written % (40 * 2**20) == 0:
            files.append(os.memfd_create("bomb"))
        written += os.write(files[-1], block)
    print("GOT", written >> 20, "MB outside of the limit on memory")
