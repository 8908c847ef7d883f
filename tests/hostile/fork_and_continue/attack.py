import os


def attack(layer, x):
    print("TRIED to go on as four", flush=True)
    try:
        for _ in range(2):
            os.fork()
    except OSError:
        return
    print("GOT several of me")
