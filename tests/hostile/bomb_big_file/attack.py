import signal


def attack(layer, x):
    print("TRIED a large file", flush=True)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    written = 0
    try:
        with open("large", "wb", 0) as file:
            while written < 150 * 2**20:
                written += file.write(bytes(2**22))
    except OSError:
        return
    print("GOT a file of", written >> 20, "MB")
