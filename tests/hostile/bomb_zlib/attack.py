import zlib


def attack(layer, x):
    print("TRIED to unpack", flush=True)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(2**24)) for _ in range(20)) + packer.flush()
    zlib.decompress(packed)
    print("GOT it all in memory", flush=True)
    raise MemoryError
