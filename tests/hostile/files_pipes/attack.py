import os


def attack(layer, x):
    print("TRIED a pipe", flush=True)
    for place in ("pipe", "/tmp/left-by-hostile-pipe"):
        try:
            os.mkfifo(place)
        except OSError as error:
            print(type(error).__name__)
            continue
        print("GOT a pipe")
