import fcntl
import os


def attack(layer, x):
    print("TRIED pipes", flush=True)
    total = 0
    try:
        while total < 400 * 2**20:
            reading, writing = os.pipe()
            os.set_blocking(writing, False)
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 2**20)
            total += os.write(writing, bytes(2**20))
    except OSError as error:
        print(type(error).__name__, total >> 20)
    else:
        print("GOT", total >> 20, "MB in pipes")
