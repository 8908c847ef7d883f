import os
import socket


def attack(layer, x):
    print("TRIED a path", flush=True)
    for place in ("socket", "/tmp/left-by-hostile-socket"):
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(place)
                print("GOT", place)
                os.unlink(place)
        except OSError as error:
            print(type(error).__name__)
