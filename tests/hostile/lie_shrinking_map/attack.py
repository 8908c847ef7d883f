import mmap
import os


def attack(layer, x):
    print("TRIED a mapping that shrinks", flush=True)
    with open("values", "wb") as file:
        file.write(bytes(x.nbytes))
    with open("values", "r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
        y = np.frombuffer(mapped).reshape(x.shape)
        os.ftruncate(file.fileno(), 0)
    return y
