import os


def attack(layer, x):
    print("TRIED names", flush=True)
    for name in (b"\n", b"\xff\xfe", b"\x1b[31m", b"-rf", b"*", b" ", b"x" * 255, "\u202e".encode()):
        os.mkdir(name)
        os.close(os.open(name + b"/" + name, os.O_CREAT | os.O_WRONLY))
