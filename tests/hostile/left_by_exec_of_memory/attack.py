import os


def attack(layer, x):
    print("TRIED a program of its own", flush=True)
    try:
        file = os.memfd_create("program", 0)
        os.write(file, b"#!/bin/echo GOT to be a program of its own\n")
        os.execve(file, ["x"], {})
    except OSError as error:
        print(type(error).__name__)
