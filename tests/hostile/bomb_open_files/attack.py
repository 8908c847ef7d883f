import os


def attack(layer, x):
    print("TRIED descriptors", flush=True)
    opened = []
    try:
        while len(opened) < 5000:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    if len(opened) > 300:
        print("GOT", len(opened), "descriptors")
    for number in opened:
        os.close(number)
