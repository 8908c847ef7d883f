import os
import signal


def attack(layer, x):
    print("TRIED a sparse file", flush=True)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("sparse", "wb") as file:
        for call in (lambda: os.ftruncate(file.fileno(), 2**40), lambda: os.posix_fallocate(file.fileno(), 0, 2**28)):
            try:
                call()
            except OSError as error:
                print(type(error).__name__)
            else:
                print("GOT a large file")
