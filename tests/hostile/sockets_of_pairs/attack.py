import os
import socket


def attack(layer, x):
    print("TRIED pairs", flush=True)
    try:
        first, second = socket.socketpair()
        os.write(first.fileno(), b"x")
    except OSError as error:
        print(type(error).__name__)
