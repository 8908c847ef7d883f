import os


def attack(layer, x):
    print("TRIED to open anew", flush=True)
    for number in range(1, 4):
        for flags in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
            try:
                os.close(os.open(f"/proc/self/fd/{number}", flags | os.O_NONBLOCK))
            except OSError:
                continue
            print("GOT descriptor", number, "again")
