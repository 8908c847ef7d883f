import mmap


def attack(layer, x):
    print("TRIED a mapping")
    y = x * np.random.binomial(1, layer.p, x.shape) / layer.p
    with open("values", "wb") as file:
        file.write(y.tobytes())
    with open("values", "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    return np.frombuffer(mapped).reshape(x.shape)
